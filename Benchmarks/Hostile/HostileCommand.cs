using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Hostile;

/// <summary>The command line of <see cref="HostileConnections"/>.</summary>
internal static class HostileCommand
{
    public static Command Make()
    {
        var seconds = new Option<double>("--seconds") { Description = "Seconds of a window.", DefaultValueFactory = _ => 4 };
        var rounds = new Option<int>("--rounds")
        {
            Description = "Rounds of four windows for each kind, at least 2.",
            DefaultValueFactory = _ => 12,
        };
        var command = new Command("hostile", "Measures what hostile connections cost a silo that trains, in steps and in memory.")
        {
            seconds, rounds,
        };
        command.SetAction((parsed, cancellation) => new HostileConnections(
            TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rounds)).RunAsync(cancellation));
        return command;
    }
}
