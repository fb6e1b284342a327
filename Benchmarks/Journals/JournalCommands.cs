using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Journals;

/// <summary>The commands that measure journals.</summary>
internal static class JournalCommands
{
    /// <summary><c>journal-size</c>: bytes of each column of a real run.</summary>
    public static Command Size()
    {
        var journals = new Argument<string[]>("metrics.jsonl") { Description = "Journals of runs of at least 65,536 events." };
        var command =
            new Command("journal-size", "Bytes a step of each column of a closed segment, and the time to close it.") { journals };
        command.SetAction((parsed, _) =>
        {
            JournalSize.Run(parsed.GetRequiredValue(journals));
            return Task.CompletedTask;
        });
        return command;
    }

    /// <summary><c>journal-write</c>: a synthetic run of very many steps.</summary>
    public static Command Write()
    {
        var directory = new Argument<string>("directory") { Description = "The run's directory; created." };
        var steps = new Option<long>("--steps") { Description = "Steps.", DefaultValueFactory = _ => 100_000_000 };
        var command = new Command("journal-write", "Writes the journal of a long synthetic run: 17 bytes a step.") { directory, steps };
        command.SetAction((parsed, _) =>
        {
            LongJournal.Write(parsed.GetRequiredValue(directory), parsed.GetValue(steps));
            return Task.CompletedTask;
        });
        return command;
    }

    /// <summary><c>journal-open</c>: opening a run's charts.</summary>
    public static Command Open()
    {
        var directory = new Argument<string>("directory") { Description = "The run's directory." };
        var command = new Command("journal-open", "Measures how long a run's charts take to open, and the memory of it.") { directory };
        command.SetAction((parsed, _) =>
        {
            LongJournal.Open(parsed.GetRequiredValue(directory));
            return Task.CompletedTask;
        });
        return command;
    }
}
