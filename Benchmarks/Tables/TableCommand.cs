using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Tables;

/// <summary>The command line of <see cref="TableReading"/>.</summary>
internal static class TableCommand
{
    public static Command Make()
    {
        var rows = new Option<int>("--rows")
        {
            Description = "Rows of 14 numbers; 9,000,000 are about 1 GB in each format.", DefaultValueFactory = _ => 9_000_000,
        };
        var own = new Option<string>("--tbptt")
        {
            Description = "The tbptt to measure. Default: this build's.",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "..", "..", "Client", "release", "tbptt"),
        };
        var against = new Option<string?>("--against") { Description = "The tbptt of another build, to compare with." };
        var formats = new Option<string[]>("--formats")
        {
            Description = "Formats to read: csv, parquet, arrow.", DefaultValueFactory = _ => ["csv", "parquet", "arrow"],
            AllowMultipleArgumentsPerToken = true,
        };
        var rounds = new Option<int>("--rounds") { Description = "Rounds.", DefaultValueFactory = _ => 3 };
        var command = new Command("tables", "Measures time and resident memory of reading, checking and preparing large tables.")
        {
            rows, own, against, formats, rounds,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            DirectoryInfo directory = Directory.CreateTempSubdirectory("tbptt-tables-");
            try
            {
                string[] words = parsed.GetValue(formats)!;
                var files = TableFiles.Write(directory.FullName, parsed.GetValue(rows)).Where(file => words.Contains(file.Word)).ToArray();
                string?[] named = [parsed.GetValue(own), parsed.GetValue(against)];
                string[] programs = [.. named.OfType<string>().Select(Path.GetFullPath)];
                await TableReading.RunAsync(programs, directory.FullName, files, parsed.GetValue(rounds), cancellation);
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        });
        return command;
    }
}
