using System.CommandLine;
using System.Globalization;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>The command that compares all contestants, and the one that its child processes run.</summary>
internal static class CompareCommands
{
    /// <summary><c>compare</c>: prints ratios, and writes a page.</summary>
    public static Command Compare()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 7 };
        var seconds = new Option<double>("--seconds") { Description = "Seconds of each measurement.", DefaultValueFactory = _ => 1 };
        var only = new Option<string?>("--case")
        {
            Description = $"Only one case: {string.Join(", ", CompareCase.All.Select(one => $"'{one.Name}'"))}.",
        };
        var withoutScaling =
            new Option<bool>("--without-scaling") { Description = "Skip two trainers against two processes, which takes minutes." };
        var page = new Option<string?>(
            "--page") { Description = "Page to write the figures into, e.g. docs/performance.md. Default: none." };
        var command =
            new Command("compare",
                "Compares both engines with bare TorchSharp and PyTorch loops, and two trainers with two processes.") { rounds, seconds,
                only, withoutScaling, page };
        command.SetAction(async (parsed, _) =>
        {
            var time = TimeSpan.FromSeconds(parsed.GetValue(seconds));
            int count = parsed.GetValue(rounds);
            CompareCase[] cases = [.. CompareCase.All.Where(one => parsed.GetValue(only) is not { } name || name == one.Name)];
            var engines = cases.Select(one => EngineComparison.Run(one, count, time)).ToList();
            foreach (var (one, standings, peak) in engines)
                Console.WriteLine(
                    $"{one.Name}: {string.Join(", ", standings.Select(standing => $"{standing.Name} {standing.Microseconds:f1} µs " +
                        $"({standing.Ratio:f2})"))}; the fused engine has {one.Gigaflops(
                            standings[0]) / peak:p0} of the processor's {peak:f0} GFLOP/s");
            var scaling = new List<ScalingResult>();
            foreach (var one in cases.Where(one => one.Hidden == 128 && !parsed.GetValue(withoutScaling)))
            {
                foreach (var engine in (Engine[])[new FusedEngine(), new LibtorchEngine()])
                    scaling.Add(await ScalingResult.Run(one, engine, Math.Min(count, 2), time));
            }

            if (parsed.GetValue(page) is { } path)
                PerformancePage.Write(path, engines, scaling);
        });
        return command;
    }

    /// <summary><c>unlike-lengths</c>: an epoch over sequences of unlike lengths, by each contestant.</summary>
    public static Command UnlikeLengths()
    {
        var sequences = new Option<int>("--sequences") { Description = "Sequences of the epoch.", DefaultValueFactory = _ => 4000 };
        var slices = new Option<int>("--slices") { Description = "Turns in which the contestants train.", DefaultValueFactory = _ => 10 };
        var command = new Command(
            "unlike-lengths",
            "Trains an epoch over sequences of 10 to 4,000 time steps: the fused engine, and PyTorch loops with packed and with padded "
            + "batches, by turns, each on one thread.") { sequences, slices };
        command.SetAction(parsed => UnlikeLengthsComparison.Run(parsed.GetValue(sequences), parsed.GetValue(slices)));
        return command;
    }

    /// <summary><c>one-engine</c>: trains one case on one engine and prints the microseconds of a chunk-step.</summary>
    public static Command OneEngine()
    {
        var engine = EngineOption.Create();
        Option<int> lanes = new("--lanes"), steps = new("--steps"), inputs = new("--inputs"), hidden = new("--hidden");
        var seconds = new Option<double>("--seconds");
        var command = new Command("one-engine", "Runs one engine on one case; used by compare as a child process.") { engine, lanes, steps,
            inputs, hidden, seconds };
        command.Hidden = true;
        command.SetAction((parsed, _) =>
        {
            var one = new CompareCase("", parsed.GetValue(lanes), parsed.GetValue(steps), parsed.GetValue(inputs), parsed.GetValue(hidden));
            using var contestant = new EngineContestant(one, parsed.GetRequiredValue(engine));
            var time = TimeSpan.FromSeconds(parsed.GetValue(seconds));
            contestant.Measure(time);
            Console.WriteLine(contestant.Measure(time).ToString(CultureInfo.InvariantCulture));
            return Task.CompletedTask;
        });
        return command;
    }
}
