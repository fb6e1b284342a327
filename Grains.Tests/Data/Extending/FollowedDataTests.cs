using System.Text;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>What is read of a file while rows are appended to it.</summary>
public sealed class FollowedDataTests : IDisposable
{
    /// <summary>The parent's rows; chunks have 10 time steps.</summary>
    private const int Rows = 41;

    private readonly TemporaryDirectory _directory = new();

    private string Csv => _directory.File("d.csv");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void WholeChunksAreTrainedOn_AndTheRestWaits()
    {
        RunSpec child = Followed(Given.Csv(Csv));
        Append(67);

        using var run = Parent.Open(child);

        Assert.Equal(20, run.Data.Training.Length(0));
        Assert.Equal((40, 20, 4), (run.Description.Training.Before, run.Description.Training.Steps, run.MissingRows));
        Assert.Equal(new FileInfo(Csv).Length, run.End);
        Assert.Equal(new FollowedLook(0, false, null), run.Look());
        Append(69);
        File.AppendAllText(Csv, "7");
        Assert.Equal(new FollowedLook(2, true, null), run.Look());
        File.AppendAllText(Csv, "0\n");
        Assert.Equal(new FollowedLook(3, true, null), run.Look());
        Assert.Null(run.FindChange());
    }

    [Fact]
    public void Run_MayBeginToWaitWithoutARow()
    {
        using var run = Parent.Open(Followed(Given.Csv(Csv)));

        Assert.Equal((0, 10), (run.Data.Training.Length(0), run.MissingRows));
        Assert.Equal(0, run.Description.Lanes.StepsPerEpoch);
    }

    /// <summary>A row is read alike however much lies behind it, and a part of a line is none.</summary>
    [Theory]
    [InlineData(MissingValues.Forward)]
    [InlineData(MissingValues.Mask)]
    public void Rows_AreTheSame_HoweverFarTheFileIsRead(MissingValues missing)
    {
        var source = new CsvSource
        {
            Path = Csv, Inputs = ["x", "y"], Targets = ["x"], MissingValues = missing,
            Transform = new([new("x", ColumnTransform.Difference)]),
        };
        string text = "x,y\n" + string.Concat(Enumerable.Range(0, 90).Select(i => $"{i * i % 37},{(i % 5 == 3 ? "" : $"{i % 7}")}\n"));
        int parent = EndOfLine(text, 1 + Rows);
        File.WriteAllText(Csv, text[..parent]);
        RunSpec child = Following(Parent.Write(_directory, Given.Spec(new() { Source = source, BatchSize = 1 })));
        File.WriteAllText(Csv, text);
        using var all = Parent.Open(child);
        int width = all.Data.Shape.InputFeatures, seen = 0;
        float[] inputs = all.Data.Training.Inputs(0, width), targets = all.Data.Training.Targets(0);

        for (int end = parent; end <= text.Length; end += 3)
        {
            File.WriteAllText(Csv, text[..end]);
            using var run = Parent.Open(child);
            int length = run.Data.Training.Length(0);
            if (length > 0)
            {
                Assert.Equal(inputs[..(length * width)], run.Data.Training.Inputs(0, width));
                Assert.Equal(targets[..length], run.Data.Training.Targets(0));
            }

            seen = Math.Max(seen, length);
        }

        Assert.Equal(all.Data.Training.Length(0), seen);
    }

    [Fact]
    public void File_IsReadAsFarAsItIsSaid()
    {
        RunSpec child = Followed(Given.Csv(Csv));
        Append(61);
        long end = new FileInfo(Csv).Length;
        Append(90);

        using var run = PreparedRun.Prepare(child, reader: SpecLoader.Reader, end: end);
        using var more = Parent.Open(child);

        Assert.Equal((20, 40), (run.Data.Training.Length(0), more.Data.Training.Length(0)));
        Assert.Equal(end, run.Files[2].Length);
        Assert.Null(more.FindDifference(run.Files));
        var problem = Assert.Single(Assert.Throws<SpecException>(
            () => PreparedRun.Prepare(child, reader: SpecLoader.Reader, end: 9_999).Dispose()).Problems);
        Assert.Contains("expected 9999 or more, which the coordinator's silo has read", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatCannotBeFollowed_AreRefused()
    {
        RunSpec child = Followed(Given.Csv(Csv));
        string text = File.ReadAllText(Csv);

        File.WriteAllText(Csv, text, Encoding.Unicode);
        Assert.Contains("which is compressed or in UTF-16", Parent.Problem(child), StringComparison.Ordinal);
        File.WriteAllText(Csv, text.TrimEnd('\n'));
        RunSpec open = Following(Parent.Write(_directory, Given.Spec(Given.Csv(Csv))));
        Assert.Contains("d.csv', whose last line, which the parent was trained on, has no end, expected an end of line behind it, which "
            + "says that the line is whole; append one", Parent.Problem(open), StringComparison.Ordinal);
        File.AppendAllText(Csv, "\n");
        Parent.Open(open).Dispose();
    }

    [Fact]
    public void SeveralFilesOfAGlob_AreRefused()
    {
        File.WriteAllText(_directory.File("a.txt"), "abababababab");
        RunSpec child = Following(Parent.Write(_directory, Given.Spec(
            new() { Source = new ByteSource { Glob = _directory.File("*.txt") }, BatchSize = 1 }, Given.Embedding,
            new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy())));
        File.WriteAllText(_directory.File("b.txt"), "ab");

        Assert.Matches("^data.source: found another file, '.*b.txt', expected one file, to which rows are appended, with extends.follow",
            Parent.Problem(child));
    }

    private static RunSpec Following(RunSpec child) => child with { Extends = child.Extends! with { Follow = true } };

    private static int EndOfLine(string text, int lines)
    {
        int at = 0;
        for (; lines > 0; lines--)
            at = text.IndexOf('\n', at) + 1;
        return at;
    }

    private RunSpec Followed(DataSpec data)
    {
        File.WriteAllText(Csv, "x\n" + string.Concat(Enumerable.Range(0, Rows).Select(i => $"{i}\n")));
        return Following(Parent.Write(_directory, Given.Spec(data)));
    }

    /// <summary>Appends numbers until there are so many rows.</summary>
    private void Append(int rows)
    {
        int there = File.ReadAllText(Csv).Count(one => one == '\n') - 1;
        File.AppendAllText(Csv, string.Concat(Enumerable.Range(there, rows - there).Select(i => $"{i}\n")));
    }
}
