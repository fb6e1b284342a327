using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Telemetry;

/// <summary>The command line of <see cref="TelemetryCost"/>.</summary>
internal static class TelemetryCommand
{
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 15 };
        var epochs = new Option<int>("--epochs") { Description = "Epochs of 300 steps of each run.", DefaultValueFactory = _ => 30 };
        var command =
            new Command("telemetry",
                "Measures the cost of telemetry for the average example: everything on, a collector that is down, one that never " +
                "answers, against none.")
        {
            rounds, epochs,
        };
        command.SetAction((parsed, _) => TelemetryCost.Run(parsed.GetValue(rounds), parsed.GetValue(epochs)));
        return command;
    }
}
