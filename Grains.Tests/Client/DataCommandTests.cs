using Orleans.Tbptt.Client;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Client;

/// <summary><c>tbptt data</c>, and what <c>tbptt validate</c> says in short.</summary>
public sealed class DataCommandTests : IDisposable
{
    private readonly ScriptedConsole _console = new()
    {
        Checker = new()
        {
            Description = new()
            {
                Source = "csv", Paths = ["/data/wave.csv"], InputFeatures = 2, TargetFeatures = 1,
                Training = new(2, 78, 39, 39, new("row 1", "row 80")),
                Validation = new(2, 19, 9, 10, new("row 81", "row 100")) { Elements = 16 },
                Lanes = new(2, 4, 0.125), Memory = new(2_000_000, 340_000),
                Contents = new()
                {
                    Inputs = ["a", "b"], Targets = ["b"], LeftOut = [new("when", "its first value is not a number")],
                    Remarks = ["column b has -9999 in 4 rows"],
                    Columns =
                    [
                        new() { Name = "a", Use = "input", Count = 100, Min = 0, Max = 99, Mean = 49.5, Histogram = [1, 0, 8] },
                        new()
                        {
                            Name = "b", Use = "input, target", Missing = 3, Distinct = 7, Suspects = [new(-9999, 4)], ScaleMean = -39.5,
                        },
                        new()
                        {
                            Name = "c", Use = "known class", Count = 100, Distinct = 2, Classes = [new("<unknown>", 0), new("north", 60)],
                        },
                    ],
                },
            },
        },
    };

    public void Dispose() => _console.Dispose();

    [Fact]
    public async Task Data_PrintsPartsLanesFilesAndColumns()
    {
        Assert.Equal(ExitCode.Completed, await _console.RunBareAsync("data", "wave.yaml"));

        Assert.Equal(
            $"""
            data        csv /data/wave.csv
            inputs      2: a, b
            targets     1: b
            left out    when, because its first value is not a number
            training    2 × 39 time steps (row 1 to row 80), 78 time steps in all
            validation  2 × 9 to 10 time steps (row 81 to row 100), 19 time steps in all, 16 target elements
            NOTE        column b has -9999 in 4 rows
            lanes       2, idle for 12.5 % of an epoch
            steps       4 per epoch
            memory      about 2 MB for the coordinator and 0.3 MB for a trainer, besides what each process needs
            files       1, 12 bytes

            FILE            BYTES  SHA-256
            /data/wave.csv  12     {new string('a', 64)}

            COLUMN  USE            COUNT  MISSING  MIN  MAX  MEAN  DEVIATION  DISTINCT  SCALE MEAN  SCALE DEVIATION  SUSPECTS   HISTOGRAM
            a       input          100    0        0    99   49.5  -          -         -           -                           ▁ █
            b       input, target  -      3        -    -    -     -          7         -39.5       -                -9999 × 4
            c       known class    100    0        -    -    -     -          2         -           -

            COLUMN  NUMBER  CLASS      ROWS TO TRAIN ON
            c       0       <unknown>  0
            c       1       north      60

            """, _console.Output);
    }

    [Fact]
    public async Task Data_AreJson_WhenAskedFor()
    {
        Assert.Equal(ExitCode.Completed, await _console.RunBareAsync("data", "wave.yaml", "--output", "json"));

        RunData data = RunJson.ReadData(_console.Output);
        Assert.Equal("/data/wave.csv", data.Files[0].Path);
        Assert.Equal(RunJson.Write(_console.Checker.Description), RunJson.Write(data.Description!));
    }

    [Fact]
    public async Task Validate_PrintsThePartsToo()
    {
        Assert.Equal(ExitCode.Completed, await _console.RunBareAsync("validate", "wave.yaml"));

        Assert.Contains("left out    when, because its first value is not a number\n", _console.Output, StringComparison.Ordinal);
        Assert.Contains("training    2 × 39 time steps (row 1 to row 80), 78", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_ReportsProblems_AsValidateDoes()
    {
        _console.Checker = new(new SpecProblem("data.source", "x", "a source", "see the manual") { Location = "wave.yaml:9:1" });

        Assert.Equal(ExitCode.BadSpec, await _console.RunBareAsync("data", "wave.yaml"));

        Assert.Equal("wave.yaml:9:1 data.source: found x, expected a source; see the manual\n", _console.Error);
    }
}
