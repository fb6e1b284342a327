using System.Buffers.Binary;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Plots;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Data;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>What <c>tbptt data --plot</c> draws.</summary>
public sealed class PlotTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Columns_AreDrawnInTheDatasUnits_WithTheBorderOfWhatIsHeldOut()
    {
        DataSpec csv = Given.Csv(Table(1000), lanes: 2, fraction: 0.2, standardize: true) with { Test = new() { Fraction = 0.1 } };
        using var run = PreparedRun.Prepare(Given.Spec(csv));
        var data = PlotData.Of(run);

        Assert.Equal(["a", "b"], data.Panels.Select(panel => panel.Title));
        (double X, double Y)[] points = [.. data.Panels[0].Lines.SelectMany(line => line.X.Zip(line.Y))];
        Assert.All(points, point => Assert.Equal(point.X, point.Y, tolerance: 5));
        long trained = Steps(run.Data.Training), validated = Steps(run.Data.Validation!);
        Assert.Equal([trained, trained + validated], data.Borders);
        Assert.Equal("001122", string.Concat(data.Panels[0].Lines.Select(line => $"{line.Part:d}")));
        Assert.StartsWith("trained on (blue): 2 × ", data.Parts, StringComparison.Ordinal);
    }

    /// <summary>Classes are no lines; where each series has its scale, lines and histogram are both of scaled values.</summary>
    [Fact]
    public void Series_WithTheirOwnScale_AreNamed_AndDrawnInOneUnit()
    {
        string path = _directory.File("x.csv");
        File.WriteAllLines(path,
        [
            "store,size,sales",
            .. from day in Enumerable.Range(0, 100) from store in Enumerable.Range(0, 3)
               select $"{"abc"[store]},{store + 5},{(1000 * store) + (day % 7)}",
        ]);
        RunSpec spec = Given.Spec(new()
        {
            Source = new CsvSource
            {
                Path = path, Inputs = ["sales", "size", "store"], Targets = ["sales"], Series = "store", Scale = TableScale.Series,
                Static = ["size", "store"], Categorical = ["store"],
            },
            BatchSize = 3,
        });
        using var run = PreparedRun.Prepare(spec);
        ColumnPanel[] panels = [.. PlotData.Of(run).Panels];

        Assert.Equal([("sales", "scaled per series"), ("size", "")], panels.Select(panel => (panel.Title, panel.Unit)));
        Assert.Null(panels[0].Column);
        Assert.All(panels[0].Lines, line => Assert.InRange(line.Y.Max(), 1, 2));
        Assert.Equal([5.0, 6, 7], panels[1].Lines.Select(line => Math.Round(line.Y.Max(), 4)));
        Assert.NotNull(panels[1].Column);
    }

    [Fact]
    public async Task File_ThatExists_IsReplacedOnlyWhenForced()
    {
        using var console = new ScriptedConsole();
        string png = _directory.File("x.png");
        File.WriteAllText(png, "mine");

        Assert.Equal(ExitCode.Failed, await console.RunBareAsync("data", "x.yaml", "--plot", png));

        Assert.Equal("mine", File.ReadAllText(png));
        Assert.Contains($"{png}: found an existing file, expected none; --force overwrites it", console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_KeepTheExtremes_OfManyValues()
    {
        var line = new ColumnLine(10, 100_000);
        for (int i = 0; i < 100_000; i++)
            line.Add(i == 77_777 ? 1e6 : i % 3 == 0 ? double.NaN : i % 2);

        Assert.InRange(line.X.Count, 1000, 2000);
        Assert.Equal(1e6, line.Y.Max());
        Assert.InRange(line.X[line.Y.Index().MaxBy(point => point.Item).Index], 77_687, 77_887);
    }

    [Fact]
    public void Figure_IsAnImage()
    {
        string png = _directory.File("x.png");
        DataPlot.Draw(Given.Spec(Given.Csv(Table(300), fraction: 0.1, standardize: true)), png, force: false);
        byte[] bytes = File.ReadAllBytes(png);
        Assert.Equal(1200, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)));
        Assert.Equal(460, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20)));
    }

    /// <summary>The file gets its name when it is whole, and takes the place of none that came meanwhile.</summary>
    [Fact]
    public void FileThatIsThere_IsKept_UnlessItMayBeReplaced()
    {
        string png = _directory.File("x.png");
        File.WriteAllText(png, "other");
        RunSpec spec = Given.Spec(Given.Csv(Table(30), fraction: 0.1, standardize: true));
        Assert.StartsWith(
            $"{png}: found a file that cannot be written",
            Assert.Throws<ClientException>(() => DataPlot.Draw(spec, png, force: false)).Message, StringComparison.Ordinal);
        Assert.Equal("other", File.ReadAllText(png));

        DataPlot.Draw(spec, png, force: true);
        Assert.Equal(1200, BinaryPrimitives.ReadInt32BigEndian(File.ReadAllBytes(png).AsSpan(16)));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(png)!, "x.png*"));
    }

    [Fact]
    public void Tokens_AreNoColumns()
    {
        string text = _directory.File("x.txt");
        File.WriteAllText(text, "to be or not to be");
        RunSpec spec = Given.Spec(Given.Bytes(text), Given.Embedding, new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy());
        Assert.StartsWith("found tokens, expected columns of numbers for --plot", Assert.Throws<ClientException>(
            () => DataPlot.Draw(spec, _directory.File("x.png"), force: false)).Message, StringComparison.Ordinal);
    }

    private static long Steps(ISequenceSet set) => Enumerable.Range(0, set.Count).Sum(sequence => (long)set.Length(sequence));

    private string Table(int rows)
    {
        string path = _directory.File("x.csv");
        File.WriteAllLines(path, ["a,b", .. Enumerable.Range(0, rows).Select(i => $"{i},{i % 7}")]);
        return path;
    }
}
