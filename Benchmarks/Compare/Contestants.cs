using System.Diagnostics;
using Orleans.Tbptt.Benchmarks.ChunkStep;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>Something that trains a case on one thread.</summary>
internal interface IContestant : IDisposable
{
    /// <summary>The name in tables.</summary>
    string Name { get; }

    /// <summary>Trains for about a given time and returns the microseconds of the processor per chunk-step, optimizer included.</summary>
    double Measure(TimeSpan time);
}

/// <summary>
/// One of the project's engines in the single-process trainer: forward, backward, average, checks, optimizer, hidden state.
/// </summary>
internal sealed class EngineContestant : IContestant
{
    private readonly DrawnData _data;
    private readonly SingleProcessTrainer _trainer;

    public EngineContestant(CompareCase one, Engine engine)
    {
        Name = $"{engine.Word} engine";
        var spec = one.Spec(engine);
        _data = new(one);
        _trainer = new(spec, _data, () => Engine.Open(spec, DeviceName.Cpu));
    }

    public string Name { get; }

    public double Measure(TimeSpan time) => Stepping.Measure(
        time,
        () =>
        {
            long step = _trainer.State.Step;
            _trainer.TrainStep(new(step, (int)(step / CompareCase.Chunks), step % CompareCase.Chunks));
        });

    public void Dispose()
    {
        _trainer.Dispose();
        _data.Dispose();
    }
}

/// <summary>The loop written with TorchSharp only.</summary>
internal sealed class BareContestant(CompareCase one) : IContestant
{
    private readonly BareLoop _loop = new(one.Spec(new LibtorchEngine()), flat: true);

    public string Name => "bare TorchSharp loop, flat parameters";

    public double Measure(TimeSpan time) => Stepping.Measure(time, () => _loop.Step());

    public void Dispose() => _loop.Dispose();
}

/// <summary>
/// The loop written with PyTorch only, where Python has it: <c>bare_loop.py</c>, which reads from standard input how long to train.
/// </summary>
internal sealed class PythonContestant : IContestant
{
    private readonly Process _process;

    private PythonContestant(Process process, string version) => (_process, Name) = (process, $"bare PyTorch {version} loop");

    public string Name { get; }

    /// <summary>
    /// Starts the loop; null where there is no Python with torch. Debian's torch belongs to Debian's Python, which need not be the first
    /// one that is found.
    /// </summary>
    public static PythonContestant? TryStart(CompareCase one) => TryStart(one, "python3") ?? TryStart(one, "/usr/bin/python3");

    private static PythonContestant? TryStart(CompareCase one, string python)
    {
        int[] sizes = [one.Layers, one.Lanes, one.Steps, one.Inputs, one.Hidden, one.Outputs, one.Words];
        try
        {
            var start = new ProcessStartInfo(
                python, [Path.Combine(AppContext.BaseDirectory, "bare_loop.py"), one.Cell.Word, .. sizes.Select(size => $"{size}")])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["OMP_NUM_THREADS"] = "1";
            var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            if (process.StandardOutput.ReadLine() is { } version)
                return new(process, version);
            process.Dispose();
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    public double Measure(TimeSpan time)
    {
        _process.StandardInput.WriteLine(time.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return double.Parse(_process.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}

/// <summary>Repeats a step for a while.</summary>
internal static class Stepping
{
    /// <summary>Microseconds of the processor a step.</summary>
    public static double Measure(TimeSpan time, Action step)
    {
        long started = Stopwatch.GetTimestamp();
        double before = ProcessorClock.Seconds;
        int steps = 0;
        do
        {
            step();
            steps++;
        }
        while (Stopwatch.GetElapsedTime(started) < time);

        return (ProcessorClock.Seconds - before) / steps * 1e6;
    }
}
