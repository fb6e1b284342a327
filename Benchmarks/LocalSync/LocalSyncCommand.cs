using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.LocalSync;

/// <summary>The command line of <see cref="LocalSyncComparison"/>.</summary>
internal static class LocalSyncCommand
{
    public static Command Make()
    {
        var text = new Option<string?>("--text") { Description = "Text file to train on. Default: the project's sources." };
        var epochs = new Option<int>("--epochs") { Description = "Passes over the text.", DefaultValueFactory = _ => 2 };
        var hidden = new Option<int>("--hidden") { Description = "Units of the LSTM.", DefaultValueFactory = _ => 128 };
        var delay = new Option<int>("--delay") { Description = "Delay of each message between coordinator and trainers, in milliseconds.",
            DefaultValueFactory = _ => 20 };
        var outerLr = new Option<double>("--outer-lr") { Description = "The outer learning rate.", DefaultValueFactory = _ => 0.7 };
        var outerMomentum = new Option<double>("--outer-momentum") { Description = "The outer momentum.", DefaultValueFactory = _ => 0.9 };
        var wires = new Option<bool>("--wires") { Description = "Compare wire formats at every step, instead of rounds." };
        var command =
            new Command("local-sync", "Compares four trainers synchronised at every step with rounds of 1, 10 and 50 local steps (DiLoCo).")
        {
            text, epochs, hidden, delay, outerLr, outerMomentum, wires,
        };
        command.SetAction((parsed, _) => LocalSyncComparison.Run(new(
            parsed.GetValue(text), parsed.GetValue(epochs), parsed.GetValue(hidden), TimeSpan.FromMilliseconds(parsed.GetValue(delay)),
            parsed.GetValue(outerLr), parsed.GetValue(outerMomentum), parsed.GetValue(wires))));
        return command;
    }
}
