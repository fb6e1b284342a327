using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Start;

/// <summary>The command line of <see cref="StartComparison"/>.</summary>
internal static class StartCommand
{
    public static Command Make()
    {
        var against = new Option<string>("--against") { Description = "The tbptt of another build, to compare with.", Required = true };
        var own = new Option<string>("--tbptt")
        {
            Description = "The tbptt to measure. Default: this build's.",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "..", "..", "Client", "release", "tbptt"),
        };
        var examples = new Option<string>("--examples") { Description = "The examples' directory.", DefaultValueFactory = _ => "examples" };
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 5 };
        var command = new Command("start", "Measures whole processes from start to end, against those of another build.")
        {
            against, own, examples, rounds,
        };
        command.SetAction(async (parsed, cancellation) => await StartComparison.RunAsync(
            Path.GetFullPath(parsed.GetValue(own)!), Path.GetFullPath(parsed.GetValue(against)!),
            Path.GetFullPath(parsed.GetValue(examples)!),
            parsed.GetValue(rounds), cancellation));
        return command;
    }
}
