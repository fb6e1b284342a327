using System.CommandLine;
using System.Diagnostics;
using Orleans.Tbptt.Benchmarks.Processes;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Benchmarks.Submissions;

/// <summary>
/// Many submissions at once, of mixed priorities, to a silo whose slots are all taken by a run that trains: how soon each is answered, and
/// whether all are trained, and in order.
/// </summary>
internal static class ManySubmissions
{
    private const int Slots = 2;
    private const double LongestAnswer = 1;

    /// <summary>The command line.</summary>
    public static Command Make()
    {
        var runs = new Option<int>("--runs") { Description = "Submissions at once.", DefaultValueFactory = _ => 30 };
        var command = new Command("submissions", "Times many submissions at once while both slots train, and checks the order.") { runs };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(runs), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int count, CancellationToken cancellation)
    {
        await using var cluster = await SiloCluster.StartAsync(1, cancellation, "--http", "off", "--slots", $"{Slots}");
        var spec = LocalSilo.Average(2);
        spec = spec with { Train = spec.Train with { Trainers = Slots } };
        var busy = await cluster.SubmitAsync(RunId.Parse("busy"), spec with { Train = spec.Train with { Epochs = 1_000_000 } }, 100);
        while ((await busy.GetStatus()).Step < 1_000)
            await Task.Delay(50, cancellation);

        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        double[] answers = await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
        {
            long asked = Stopwatch.GetTimestamp();
            await cluster.SubmitAsync(Name(number), spec, priority: number * 7 % 5 - 2);
            return Stopwatch.GetElapsedTime(asked).TotalSeconds;
        }));
        Console.WriteLine($"{count} submissions at once at load {load}: answered after {answers.Min():f2} to {answers.Max():f2} s, "
            + $"{Medians.Of(answers):f2} s in the median");

        var coordinators = Enumerable.Range(0, count).Select(number => cluster.Grains.GetGrain<ICoordinatorGrain>(Name(number).Text))
            .ToArray();
        while ((await Task.WhenAll(coordinators.Select(one => one.GetStatus()))).Any(status => status.State != RunState.Queued))
            await Task.Delay(50, cancellation);
        await busy.StopRun("the others are all in the queue");
        long began = Stopwatch.GetTimestamp();
        RunStatus[] ended;
        while ((ended = await Task.WhenAll(coordinators.Select(one => one.GetStatus()))).Any(status => !status.HasEnded))
            await Task.Delay(200, cancellation);

        var expected = ended.OrderByDescending(run => run.Priority).ThenBy(run => run.SubmittedAt)
            .ThenBy(run => run.Id, StringComparer.Ordinal);
        var trained = ended.OrderBy(run => run.EndedAt);
        bool ordered = expected.Select(run => run.Id).SequenceEqual(trained.Select(run => run.Id));
        int completed = ended.Count(run => run.State == RunState.Completed);
        Console.WriteLine($"{completed} of {count} completed in {Stopwatch.GetElapsedTime(began).TotalSeconds:f1} s, "
            + (ordered ? "in order of priority and submission"
                : $"not in order: {string.Join(' ', trained.Select(run => run.Id))}, expected "
                + string.Join(' ', expected.Select(run => run.Id))));
        return ordered && completed == count && answers.Max() <= LongestAnswer ? 0 : 1;
    }

    private static RunId Name(int number) => RunId.Parse($"run-{number:d2}");
}
