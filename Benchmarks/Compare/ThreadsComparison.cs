using System.CommandLine;
using System.Diagnostics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>
/// A trainer of several threads against one of one thread, and against as many independent trainers of one thread each at the same time,
/// which show the machine's own limit. By turns within a round, on the clock on the wall, so that machine noise affects all alike.
/// </summary>
internal static class ThreadsComparison
{
    /// <summary>The cases: those of the engines' comparison that are large enough, and two layers of few units.</summary>
    public static IReadOnlyList<CompareCase> Cases { get; } =
    [
        .. CompareCase.All.Where(one => one.Name is "2 layers of 256" or "300 units, 10,000 words" || one.Name.StartsWith("hidden ",
            StringComparison.Ordinal)),
        new("2 layers of 16, one lane", 1, 2048, 1, 16) { Outputs = 1, Layers = 2 },
        new("16 units, one lane", 1, 2048, 1, 16) { Outputs = 1 },
        new("2 layers of 512, two lanes", 2, 100, 64, 512) { Layers = 2 },
    ];

    /// <summary><c>threads</c>: prints ratios.</summary>
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 15 };
        var seconds = new Option<double>("--seconds") { Description = "Seconds of each measurement.", DefaultValueFactory = _ => 0.5 };
        var threads = new Option<int>("--threads") { Description = "Threads of the trainer.", DefaultValueFactory = _ => 2 };
        var only = new Option<string?>("--case")
        {
            Description = $"Only one case: {string.Join(", ", Cases.Select(one => $"'{one.Name}'"))}.",
        };
        var command = new Command(
            "threads",
            "Compares a trainer of several threads with one of one thread, and with independent trainers of one thread at the same time.")
        {
            rounds, seconds, threads, only,
        };
        command.SetAction((parsed, _) =>
        {
            foreach (var one in Cases.Where(one => parsed.GetValue(only) is not { } name || name == one.Name))
            {
                Console.WriteLine(
                    Run(one, parsed.GetValue(threads), parsed.GetValue(rounds), TimeSpan.FromSeconds(parsed.GetValue(seconds))));
            }

            return Task.CompletedTask;
        });
        return command;
    }

    private static string Run(CompareCase one, int threads, int rounds, TimeSpan time)
    {
        using var single = new Contestant(one, 1);
        using var team = new Contestant(one, threads);
        Contestant[] independent = [.. Enumerable.Range(0, threads).Select(_ => new Contestant(one, 1))];
        List<double> faster = [], limit = [], microseconds = [], fastest = [], fastestOfTeam = [];
        try
        {
            for (int round = -1; round < rounds; round++)
            {
                var (alone, least) = single.Measure(time);
                var (together, leastOfTeam) = team.Measure(time);
                double[] all = new double[threads];
                Thread[] running = [.. independent.Select((who, i) => new Thread(() => all[i] = who.Measure(time).Mean))];
                foreach (var thread in running)
                    thread.Start();
                foreach (var thread in running)
                    thread.Join();
                if (round < 0)
                    continue; // warm-up
                faster.Add(alone / together);
                limit.Add(all.Sum(each => alone / each));
                microseconds.Add(alone);
                fastest.Add(least);
                fastestOfTeam.Add(leastOfTeam);
            }
        }
        finally
        {
            foreach (var who in independent)
                who.Dispose();
        }

        return string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{one.Name} ({one.Sizes}): {Medians.Of(microseconds):f0} µs a chunk-step on one thread; {threads} threads "
            + $"{Medians.Of(faster):f2} × as fast ({faster.Min():f2} to {faster.Max():f2}; the fastest steps, {fastest.Min():f0} µs and "
            + $"{fastestOfTeam.Min():f0} µs, {fastest.Min() / fastestOfTeam.Min():f2} ×), {threads} independent trainers "
            + $"{Medians.Of(limit):f2} × ({limit.Min():f2} to {limit.Max():f2})");
    }

    /// <summary>A trainer in its own data, optimizer included.</summary>
    private sealed class Contestant : IDisposable
    {
        private readonly DrawnData _data;
        private readonly SingleProcessTrainer _trainer;

        public Contestant(CompareCase one, int threads)
        {
            var spec = one.Spec(new FusedEngine());
            spec = spec with { Train = spec.Train with { Threads = threads } };
            _data = new(one);
            _trainer = new(spec, _data, () => Engine.Open(spec, DeviceName.Cpu));
        }

        /// <summary>Microseconds on the wall per chunk-step, the mean and those of the fastest one.</summary>
        public (double Mean, double Fastest) Measure(TimeSpan time)
        {
            long started = Stopwatch.GetTimestamp(), before = started;
            double fastest = double.PositiveInfinity;
            int steps = 0;
            do
            {
                long step = _trainer.State.Step;
                _trainer.TrainStep(new(step, (int)(step / CompareCase.Chunks), step % CompareCase.Chunks));
                steps++;
                long now = Stopwatch.GetTimestamp();
                fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(before, now).TotalMicroseconds);
                before = now;
            }
            while (Stopwatch.GetElapsedTime(started) < time);

            return (Stopwatch.GetElapsedTime(started).TotalMicroseconds / steps, fastest);
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _data.Dispose();
        }
    }
}
