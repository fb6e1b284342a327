using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Speculation;

/// <summary>The command line of <see cref="StoppedSilo"/>.</summary>
internal static class SpeculationCommand
{
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 3 };
        var silos = new Option<int>("--silos") { Description = "Silo processes, with a trainer each.", DefaultValueFactory = _ => 3 };
        var seconds = new Option<double>("--seconds") { Description = "Seconds of each measurement.", DefaultValueFactory = _ => 20 };
        var gap = new Option<double>("--gap")
        {
            Description = "The silo runs for up to so many seconds, at random, between two stops.", DefaultValueFactory = _ => 0.5,
        };
        var units = new Option<int>("--units") { Description = "Units of the model.", DefaultValueFactory = _ => 64 };
        var speculation = new Command("speculation",
            "Measures steps per second while a silo is stopped (SIGSTOP) for 0.5 to 2 s and continued, again and again, with and without "
            + "speculation. Linux and macOS only.") { rounds, silos, seconds, gap, units };
        speculation.SetAction((parsed, cancellation) => StoppedSilo.RunAsync(
            parsed.GetValue(rounds), parsed.GetValue(silos), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(gap),
            parsed.GetValue(units), cancellation));
        return speculation;
    }
}
