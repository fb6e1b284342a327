using System.Globalization;
using System.Text;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Client.Init;

/// <summary>Files of data, the specs that are drafted for them, and their training.</summary>
internal sealed class DraftedFiles : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>A file's path.</summary>
    public string File(string name) => _directory.File(name);

    /// <summary>Drafts a spec for a table, and trains it.</summary>
    public RunSpec Train(string text) => TrainFile(Write(text));

    /// <summary>Drafts, reads without a mistake, and trains the first epoch.</summary>
    public RunSpec TrainFile(string path)
    {
        string file = _directory.File("drafted.yaml");
        System.IO.File.WriteAllText(file, Draft.Of(path, file).Spec);
        var document = SpecLoader.Load(file, []);
        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!, fingerprint: false);
        Assert.All(
            Oracle.Of(run.Spec with { Train = run.Spec.Train with { Epochs = 1 } }).EpochLosses, loss =>
                Assert.True(double.IsFinite(loss)));
        return run.Spec;
    }

    /// <summary>Writes a table.</summary>
    public string Write(string text, Encoding? encoding = null)
    {
        string path = _directory.File("data.csv");
        System.IO.File.WriteAllBytes(path, (encoding ?? Encoding.UTF8).GetBytes(text));
        return path;
    }

    /// <summary>A table whose columns hold what their names say.</summary>
    public static string Table(string header, int rows)
    {
        var text = new StringBuilder($"{header}\n");
        for (int row = 0; row < rows; row++)
        {
            text.AppendJoin(',', header.Split(',').Select(name => name switch
            {
                "time" => new DateTime(2020, 1, 1).AddHours(row).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                "hour" => $"{row}",
                "year" => $"{1900 + (row / 4)}",
                "month" => $"{(row % 12) + 1}",
                "timestamp" => string.Create(CultureInfo.InvariantCulture, $"{1_600_000_000 + (row * 1.37)}"),
                "constant" => "7",
                "gaps" => row % 10 == 4 ? "." : $"{row % 6}",
                "station" => "Zürich",
                "" => "",
                _ => $"{row * row % 13}",
            })).Append('\n');
        }

        return text.ToString();
    }

    public void Dispose() => _directory.Dispose();
}
