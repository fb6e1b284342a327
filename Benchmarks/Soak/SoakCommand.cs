using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Soak;

/// <summary>The command line of the soaks: <see cref="MemorySoak"/> in this process, <see cref="ProcessSoak"/> in the real ones.</summary>
internal static class SoakCommand
{
    public static Command Make()
    {
        var steps = new Option<int>("--steps") { Description = "Steps to train in this process.", DefaultValueFactory = _ => 20_000 };
        var engine = EngineOption.Create();
        var minutes = new Option<double?>("--minutes")
        {
            Description = "Trains by 'tbptt train' for so long instead, and samples memory, handles and threads of console and silo.",
        };
        var csv = new Option<string>("--csv")
        {
            Description = "The samples' file, with --minutes; the plot lies next to it.",
            DefaultValueFactory = _ => Path.Combine("docs", "measured", "soak.csv"),
        };
        var command = new Command("soak", "Prints memory over many steps.") { steps, engine, minutes, csv };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(minutes) is { } time)
                return await ProcessSoak.RunAsync(TimeSpan.FromMinutes(time), parsed.GetRequiredValue(csv), cancellation);
            await MemorySoak.Run(parsed.GetValue(steps), parsed.GetRequiredValue(engine));
            return 0;
        });
        return command;
    }
}
