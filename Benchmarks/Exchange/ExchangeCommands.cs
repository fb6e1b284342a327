using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Exchange;

/// <summary>The commands that measure the cost of messages.</summary>
internal static class ExchangeCommands
{
    /// <summary>Two silo processes against the same trainers without messages.</summary>
    public static Command Exchange()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 5 };
        var model = new Option<string?>("--model") { Description = "One of the three measurements only." }
            .AcceptOnlyFromAmong("small", "large", "bfloat16");
        var exchange = new Command("exchange",
            "Measures a step's overhead above computing, with one trainer on each of two silo processes.") { rounds, model };
        exchange.SetAction((parsed, _) => ExchangeCost.Run(parsed.GetValue(rounds), parsed.GetValue(model)));
        return exchange;
    }

    /// <summary>Many trainers on some silos.</summary>
    public static Command Scaling()
    {
        var steps = new Option<int>("--steps") { Description = "Steps of each of three epochs of the small model.",
            DefaultValueFactory = _ => 500 };
        var silos = new Option<int[]>("--silos") { Description = "Numbers of silos.", DefaultValueFactory = _ =>
            [1, 2, 3, 4], AllowMultipleArgumentsPerToken = true };
        var trainers = new Option<int[]>("--trainers") { Description = "Numbers of trainers.", DefaultValueFactory = _ =>
            [1, 2, 4, 8, 16, 32, 64], AllowMultipleArgumentsPerToken = true };
        var table = new Option<string?>("--csv") { Description = "File for the table; the plot is written next to it." };
        var draw = new Option<string?>("--draw") { Description = "Draw this table without measuring." };
        var scaling =
            new Command("scaling",
                "Measures time and bytes of a step with minimal computing, for 1 to 64 trainers on 1 to 4 silos.") { steps, silos, trainers,
                table, draw };
        scaling.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(draw) is { } csv)
            {
                ScalingPlot.Draw(csv, Path.ChangeExtension(csv, ".png"));
                return;
            }

            await ScalingTable.Run(parsed.GetValue(steps), parsed.GetValue(silos)!, parsed.GetValue(trainers)!, parsed.GetValue(table));
        });
        return scaling;
    }
}
