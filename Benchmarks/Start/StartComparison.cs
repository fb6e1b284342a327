using System.Globalization;

namespace Orleans.Tbptt.Benchmarks.Start;

/// <summary>
/// Compares what a user waits for with two builds: whole processes, the silos' included, in turns, so that the machine's noise affects
/// both alike.
/// </summary>
internal static class StartComparison
{
    /// <summary>Measures and prints a table.</summary>
    /// <param name="own">The program to measure.</param>
    /// <param name="other">The program to compare with.</param>
    /// <param name="examples">The directory of the examples.</param>
    /// <param name="rounds">How often each command runs with each program; one more round warms up and is not counted.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public static async Task RunAsync(string own, string other, string examples, int rounds, CancellationToken cancellation)
    {
        string average = Path.Combine(examples, "average.yaml");
        (string Name, string[] Arguments)[] commands =
        [
            ("--help", ["--help"]),
            ("ls", ["ls"]),
            ("validate average", ["validate", average]),
            ("train average", ["train", average]),
            ("train average, 12,000 steps", ["train", average, "--set", "train.epochs=40"]),
            ("train sunspots", ["train", Path.Combine(examples, "sunspots.yaml")]),
        ];
        Console.WriteLine("| command | figure | median (least to most) | of the other build | ratio, pair by pair |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var (name, arguments) in commands)
        {
            var pairs = new List<(ProcessFigures Own, ProcessFigures Other)>();
            for (int round = 0; round <= rounds; round++)
            {
                var first = await ProcessFigures.MeasureAsync(own, arguments, cancellation);
                var second = await ProcessFigures.MeasureAsync(other, arguments, cancellation);
                if (round > 0)
                    pairs.Add((first, second));
            }

            Print(name, "wall, s", pairs, figures => figures.Wall);
            Print(name, "processor, s", pairs, figures => figures.Processor);
            if (pairs[0].Own.FirstStep is null)
                continue;
            Print(name, "start to first step, s", pairs, figures => figures.FirstStep ?? double.NaN);
            Print(name, "first step to last, s", pairs, figures => figures.Steps ?? double.NaN);
            Print(name, "silo's resident memory, MB", pairs, figures => figures.SiloMegabytes);
        }
    }

    private static void Print(
        string command, string figure, List<(ProcessFigures Own, ProcessFigures Other)> pairs, Func<ProcessFigures, double> select)
    {
        string own = Spread(pairs.Select(pair => select(pair.Own))), other = Spread(pairs.Select(pair => select(pair.Other)));
        string ratio = Spread(pairs.Select(pair => select(pair.Own) / select(pair.Other)));
        Console.WriteLine($"| {command} | {figure} | {own} | {other} | {ratio} |");
    }

    private static string Spread(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return $"{Text(Medians.Of(all))} ({Text(all.Min())} to {Text(all.Max())})";
    }

    private static string Text(double value) => value.ToString(value >= 20 ? "0" : "0.00", CultureInfo.InvariantCulture);
}
