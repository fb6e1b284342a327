using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.LocalSync;

/// <summary>The command line of <see cref="LocalSyncComparison"/>.</summary>
internal static class LocalSyncCommand
{
    public static Command Make()
    {
        var text = new Option<string?>("--text") { Description = "A text file to train on; the project's own sources when left out." };
        var epochs = new Option<int>("--epochs") { Description = "Passes over the text.", DefaultValueFactory = _ => 2 };
        var hidden = new Option<int>("--hidden") { Description = "Units of the LSTM.", DefaultValueFactory = _ => 128 };
        var delay = new Option<int>("--delay") { Description = "Milliseconds that each message between coordinator and trainers is held up.", DefaultValueFactory = _ => 20 };
        var outerLr = new Option<double>("--outer-lr") { Description = "The outer learning rate.", DefaultValueFactory = _ => 0.7 };
        var outerMomentum = new Option<double>("--outer-momentum") { Description = "The outer momentum.", DefaultValueFactory = _ => 0.9 };
        var wires = new Option<bool>("--wires") { Description = "Compares what gradients are rounded to, at every step, instead of rounds." };
        var command = new Command("local-sync", "Four trainers synchronised at every step, and after rounds of 1, 10 and 50 steps (DiLoCo).")
        {
            text, epochs, hidden, delay, outerLr, outerMomentum, wires,
        };
        command.SetAction((parsed, _) => LocalSyncComparison.Run(new(
            parsed.GetValue(text), parsed.GetValue(epochs), parsed.GetValue(hidden), TimeSpan.FromMilliseconds(parsed.GetValue(delay)),
            parsed.GetValue(outerLr), parsed.GetValue(outerMomentum), parsed.GetValue(wires))));
        return command;
    }
}
