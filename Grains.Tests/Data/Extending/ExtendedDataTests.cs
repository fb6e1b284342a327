using System.IO.Compression;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>What a run trains on, and from where, that extends another one on data that grew.</summary>
public sealed class ExtendedDataTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Csv => _directory.File("d.csv");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Stream_IsTrainedOnBehindTheParentsData_InOneLaneThatContinues()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 66);

        using var run = Parent.Open(child);

        Assert.Equal(1, run.Data.Training.Count);
        Assert.Equal(Numbers(40, 65), run.Data.Training.Inputs(0));
        Assert.Equal(Numbers(41, 66), run.Data.Training.Targets(0));
        Assert.True(run.Data.Training.Continues(0));
        Assert.Equal([0], run.ContinuedLanes);
        Assert.Equal((40, 25), (run.Description.Training.Before!.Value, run.Description.Training.Steps));
        ChunkPlan plan = new EpochPlans(run.Spec, run.Data).Training(0);
        Assert.Equal([new(0, 0, 10, false), new(0, 10, 10, false), new(0, 20, 5, false)],
            Enumerable.Range(0, (int)plan.Steps).Select(step => plan[step, 0]));
    }

    [Fact]
    public void ExtendedRun_IsExtendedAgain_FromItsOwnEnd()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 61);
        RunSpec grandchild = Parent.Write(_directory, child);
        Append(61, 81);

        using var run = Parent.Open(grandchild);

        Assert.Equal(Numbers(60, 80), run.Data.Training.Inputs(0));
    }

    /// <summary>The parent's 3 lanes hold 13 time steps each; the one that is left over is new to the model.</summary>
    [Fact]
    public void StreamOfSeveralLanes_ContinuesBehindItsLastOne()
    {
        RunSpec child = Stream(rows: 41, lanes: 3);
        Append(41, 51);

        using var run = Parent.Open(child);

        Assert.Equal(Numbers(39, 50), run.Data.Training.Inputs(0));
        Assert.Equal([2], run.ContinuedLanes);
    }

    [Fact]
    public void ReplayedChunks_BeginBeforeTheNewPart_AtHiddenStateZero_InAnyNumberOfLanes()
    {
        RunSpec child = Stream(rows: 41).Replaying(2);
        Append(41, 52);

        using var run = Parent.Open(child with { Data = child.Data with { BatchSize = 2 } });

        // 51 time steps give 2 lanes 25 each, of which the last 30 are trained on.
        Assert.Equal([Numbers(20, 35), Numbers(35, 50)], Enumerable.Range(0, 2).Select(lane => run.Data.Training.Inputs(lane)));
        Assert.False(run.Data.Training.Continues(0));
        Assert.Empty(run.ContinuedLanes);
    }

    [Fact]
    public void MoreReplayedChunksThanThereAre_BeginAtTheFirstRow()
    {
        RunSpec child = Stream(rows: 41).Replaying(1000);
        Append(41, 51);

        using var run = Parent.Open(child);

        Assert.Equal(Numbers(0, 50), run.Data.Training.Inputs(0));
    }

    [Fact]
    public void RowsThatTheParentHeldOut_AreTrainedOn_WhereTheyLieBeforeTheBorderNow()
    {
        RunSpec child = Stream(rows: 41, fraction: 0.25);
        Append(41, 81);

        using var run = Parent.Open(child);

        // The parent was trained on rows 0 to 30, of 41; 61 of 81 are now.
        Assert.Equal(Numbers(30, 60), run.Data.Training.Inputs(0));
        Assert.Equal(Numbers(61, 80), run.Data.Validation!.Inputs(0));
    }

    [Theory]
    [InlineData(ExtendedScaling.Frozen, 19.5)]
    [InlineData(ExtendedScaling.Refit, 29.5)]
    public void Columns_AreScaledAsTheParents_UnlessTheyAreRefitted(ExtendedScaling scaling, double mean)
    {
        RunSpec child = Stream(rows: 40, standardize: true);
        Append(40, 60);

        using var run = Parent.Open(child with { Extends = child.Extends! with { Scaling = scaling } });

        var column = run.Description.Contents.Columns.Single();
        Assert.Equal(mean, column.ScaleMean!.Value, 1e-9);
        Assert.Equal((float)((39 - mean) / column.ScaleDeviation!.Value), run.Data.Training.Inputs(0)[0]);
        Assert.Contains(run.Description.Contents.Remarks, remark =>
            remark == (scaling == ExtendedScaling.Frozen ? "columns are scaled as the parent's were"
                : "columns are scaled anew, by all rows to train on"));
    }

    [Fact]
    public void Series_ContinueEachInTheirLane_AndNewOnesBeginAtZero()
    {
        RunSpec child = Panel(rows: 21, "a", "b");
        Append("a", 21, 31);
        Append("b", 21, 36);
        Append("c", 0, 6);

        using var run = Parent.Open(child);

        Assert.Equal(["a", "b", "c"], Enumerable.Range(0, 3).Select(run.Data.Training.SeriesOf));
        Assert.Equal([Numbers(20, 30), Numbers(20, 35), Numbers(0, 5)], Enumerable.Range(0, 3).Select(i => run.Data.Training.Inputs(i)));
        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(run.Data.Training.Continues));
        Assert.Equal([0, 1], run.ContinuedLanes);
        ChunkPlan plan = new EpochPlans(run.Spec, run.Data).Training(0);
        Assert.Equal([new(0, 0, 10, false), new(1, 0, 10, false), new(2, 0, 5, true), new(1, 10, 5, false)],
            [plan[0, 0], plan[0, 1], plan[1, 0], plan[1, 1]]);
    }

    [Fact]
    public void SeriesWithoutNewRows_AreLeftOut()
    {
        RunSpec child = Panel(rows: 21, "a", "b");
        Append("b", 21, 31);

        using var run = Parent.Open(child with { Data = child.Data with { BatchSize = 1 } });

        Assert.Equal("b", run.Data.Training.SeriesOf(0));
        Assert.Equal([1], run.ContinuedLanes);
    }

    /// <summary>Of 3 series in 2 lanes one has lost its hidden state to the one behind it.</summary>
    [Fact]
    public void SeriesThatShareALane_ContinueFromHiddenStateZeroAlone()
    {
        RunSpec child = Panel(rows: 21, "a", "b", "c");
        child = Parent.Write(_directory, child with { Extends = null, Data = child.Data with { BatchSize = 2 } });
        Append("a", 21, 31);
        Append("c", 21, 31);

        Assert.Matches("^extends.replay: found 0 with a parent that had 2 lanes for 3 series, 20 to 20 time steps long, expected a lane "
            + "for each series in the parent.*; write extends.replay: 1 or more, with which each series begins at hidden state zero$",
            Parent.Problem(child));
        using var run = Parent.Open(child.Replaying(1));
        Assert.Equal([Numbers(10, 30), Numbers(10, 30)], Enumerable.Range(0, 2).Select(i => run.Data.Training.Inputs(i)));
    }

    [Theory]
    [InlineData("bytes", "abcabcab", "cabc")]
    [InlineData("characters", "abcabcab", "cabc")]
    [InlineData("words", "a b c\na b\n", "c a\n")]
    public void Texts_AreExtended(string source, string text, string more)
    {
        string file = _directory.File("t.txt");
        File.WriteAllText(file, text);
        RunSpec child = Parent.Write(_directory, Text(source, file));
        File.AppendAllText(file, more);

        using var run = Parent.Open(child);
        using var all = Given.Open(Text(source, file).Data, Given.Embedding, loss: new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy());

        long[] tokens = all.Training.Tokens(0);
        Assert.Equal(tokens[(int)run.Description.Training.Before!..], run.Data.Training.Tokens(0));
        Assert.Equal(all.Training.Classes(0)[^1], run.Data.Training.Classes(0)[^1]);
    }

    [Fact]
    public void TextsWithFurtherTokens_AreRefused()
    {
        string file = _directory.File("t.txt");
        File.WriteAllText(file, "abab");
        RunSpec child = Parent.Write(_directory, Text("characters", file));
        File.AppendAllText(file, "ax");

        Assert.Equal("data.source: found 3 different tokens, such as 'x', expected the 2 of the parent's data, which its model knows; "
            + "train a run with data.vocabulary, a file that lists the tokens and <unk>, and extend that one", Parent.Problem(child));
    }

    [Fact]
    public void Data_AreRefused_WhenTheyDoNotBeginWithTheParents()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);
        string other = _directory.File("other.csv");
        File.WriteAllText(other, File.ReadAllText(Csv).Replace("\n7\n", "\n8\n", StringComparison.Ordinal) + "41\n");

        Assert.Matches(
            $"^data.source: found '{other}', whose first 115 bytes have SHA-256 [0-9a-f]{{12}} and differ from byte 17, in line 9, on, "
            + "expected those of the parent, with SHA-256 [0-9a-f]{12}, and what is new behind them; append to the data that the parent "
            + "was trained on, or train a new run$", Parent.Problem(On(child, other)));
        File.WriteAllText(other, "x\n1\n2\n3\n");
        Assert.StartsWith($"data.source: found '{other}' of 8 bytes, expected the parent's 115 bytes, and what is new behind them",
            Parent.Problem(On(child, other)), StringComparison.Ordinal);
        File.WriteAllText(other, "y;z\n" + new string('1', 200) + "\n");
        Assert.StartsWith(
            $"data.source: found '{other}', whose first 115 bytes", Parent.Problem(On(child, other)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1\n", "is longer than it was")]
    [InlineData("\n41\n42\n", null)]
    public void LastLine_MustNotHaveGrown(string more, string? found)
    {
        File.WriteAllText(Csv, Text(0, 40).TrimEnd('\n'));
        RunSpec child = Parent.Write(_directory, Spec());
        File.AppendAllText(Csv, more);

        if (found is not null)
            Assert.Contains(found, Parent.Problem(child), StringComparison.Ordinal);
        else
            Parent.Open(child).Dispose();
    }

    /// <summary>The parent's last file has grown, and another one has come behind it.</summary>
    [Theory]
    [InlineData("characters")]
    [InlineData("bytes")]
    public void FilesOfAGlob_AreExtended_ByTheLastOneAndThoseBehindIt(string source)
    {
        string first = _directory.File("t1.txt"), last = _directory.File("t3.txt"), glob = _directory.File("t*.txt");
        File.WriteAllText(first, "abcab");
        File.WriteAllText(last, "cab");
        RunSpec child = Parent.Write(_directory, Text(source, glob));
        File.AppendAllText(last, "ca");
        File.WriteAllText(_directory.File("t4.txt"), "bbc");

        using (var run = Parent.Open(child))
        {
            // The parent was trained on "abcabca", with the "b" behind it as its last target.
            Assert.Equal(7, run.Description.Training.Before);
            using var all = Given.Open(
                Text(source, glob).Data, Given.Embedding, loss: new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy());
            Assert.Equal(all.Training.Tokens(0)[7..], run.Data.Training.Tokens(0));
            Assert.Equal(5, run.Data.Training.Tokens(0).Length);
        }

        // One in the middle of the parent's is none behind them.
        string middle = _directory.File("t2.txt");
        File.WriteAllText(middle, "abc");
        Assert.StartsWith($"data.source: found '{middle}', whose first 3 bytes have SHA-256 ", Parent.Problem(child),
            StringComparison.Ordinal);
        File.Delete(middle);
        File.AppendAllText(first, "c");
        Assert.StartsWith(
            $"data.source: found '{first}' of 6 bytes, expected the parent's 5 bytes, because of several files the last one alone may grow",
            Parent.Problem(child), StringComparison.Ordinal);
    }

    /// <summary>gzip data may be appended to gzip data, but the lines of both are one text.</summary>
    [Fact]
    public void CompressedFiles_AreRefused()
    {
        string packed = _directory.File("d.csv.gz");
        Pack(Text(0, 41));
        RunSpec child = Parent.Write(_directory, Given.Spec(Given.Csv(packed)));
        Pack("41\n42\n");

        Assert.Equal(
            $"data.source: found '{packed}', which is compressed, expected a file as it is, to which lines are appended; decompress it, "
            + "and train a run on it to be extended", Parent.Problem(child));

        void Pack(string text)
        {
            using var file = new GZipStream(new FileStream(packed, FileMode.Append), CompressionLevel.Fastest);
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>Rows behind the parent's are older ones there.</summary>
    [Fact]
    public void NewestRowsFirst_AreRefused()
    {
        File.WriteAllText(Csv, "day,x\n" + Days(40, 10));
        RunSpec child = Parent.Write(_directory, Given.Spec(new()
        {
            Source = new CsvSource { Path = Csv, Time = "day", Inputs = ["x"], Standardize = false }, BatchSize = 1,
        }));
        File.AppendAllText(Csv, Days(10, 1));

        Assert.StartsWith(
            $"data.time: found the newest row first in {Csv}, expected the oldest row first, so that new rows stand behind all others",
            Parent.Problem(child), StringComparison.Ordinal);

        static string Days(int from, int to) => string.Concat(Enumerable.Range(0, from - to).Select(
            i => $"{new DateOnly(2024, 1, 1).AddDays(from - i):yyyy-MM-dd},{from - i}\n"));
    }

    /// <summary>Parameters and hidden state are of inputs and outputs that mean what they meant.</summary>
    [Fact]
    public void Columns_AreReadAsTheParentsWere()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);
        string With(Func<CsvSource, CsvSource> change) =>
            Parent.Problem(child with { Data = child.Data with { Source = change((CsvSource)child.Data.Source) } });

        Assert.Equal(
            "data.horizon: found 2, expected 1, as in the parent; correct it, or train a new run", With(csv => csv with { Horizon = 2 }));
        Assert.StartsWith("data.standardize: found ", With(csv => csv with { Standardize = !csv.Standardize }), StringComparison.Ordinal);
        Assert.StartsWith("data.inputs: found other, expected ", With(csv => csv with { Inputs = ["other"] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_IsTrainedOn_WhereNothingIsNew()
    {
        RunSpec child = Stream(rows: 41);

        Assert.StartsWith("data.source: found 40 time steps to train on, expected more than 40, on which the parent was trained",
            Parent.Problem(child), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_AreThoseOfTheParent_AndThenTheData()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);

        using var run = Parent.Open(child);

        Assert.Equal(["data.json", "state.json", "d.csv"], run.Files.Select(file => Path.GetFileName(file.Path)));
        using var again = Parent.Open(run.Spec);
        Assert.Equal(run.Spec, again.Spec);
        Assert.Equal(run.Files, again.Files);
    }

    [Fact]
    public void Parent_IsRefused_WhereItIsNone()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);

        Assert.Equal("model.hiddenSize: found 5, expected 4, as in the parent; correct it, or train a new run",
            Parent.Problem(child with { Model = child.Model with { HiddenSize = 5 } }));
        Assert.Matches("^extends.checkpoint: found checkpoint 1-[0-9]+, which was taken within an epoch, expected one of an epoch's end",
            Parent.Problem(Parent.Write(_directory, Spec(), chunk: 3)));
        File.WriteAllText(Path.Combine(child.Extends!.Run, "data.json"), "{");
        Assert.Contains("data.json', which is damaged", Parent.Problem(child), StringComparison.Ordinal);
        Directory.Delete(child.Extends.Run, recursive: true);
        Assert.Throws<SpecException>(() => Parent.Open(child).Dispose());
    }

    private RunSpec Stream(int rows, int lanes = 1, double fraction = 0, bool standardize = false)
    {
        File.WriteAllText(Csv, Text(0, rows));
        return Parent.Write(_directory, Spec(lanes, fraction, standardize));
    }

    private RunSpec Spec(int lanes = 1, double fraction = 0, bool standardize = false) =>
        Given.Spec(Given.Csv(Csv, lanes, fraction, standardize));

    private RunSpec Panel(int rows, params string[] series)
    {
        File.WriteAllText(Csv, "shop,x\n");
        foreach (string name in series)
            Append(name, 0, rows);
        return Parent.Write(_directory, Given.Spec(new()
        {
            Source = new CsvSource { Path = Csv, Series = "shop", Inputs = ["x"], Standardize = false }, BatchSize = series.Length,
        }));
    }

    private static RunSpec Text(string source, string file) =>
        Given.Spec(
            new()
            {
                Source = source switch
                {
                    "bytes" => new Orleans.Tbptt.Data.Bytes.ByteSource { Glob = file },
                    "words" => new Orleans.Tbptt.Data.Text.WordSource { Glob = file },
                    _ => new Orleans.Tbptt.Data.Text.CharacterSource { Glob = file },
                },
                BatchSize = 1,
            },
            Given.Embedding, new Orleans.Tbptt.Training.Fused.Losses.CrossEntropy());

    private static RunSpec On(RunSpec spec, string file) =>
        spec with { Data = spec.Data with { Source = ((CsvSource)spec.Data.Source) with { Path = file } } };

    private static string Text(int from, int to) => "x\n" + string.Concat(Enumerable.Range(from, to - from).Select(i => $"{i}\n"));

    private void Append(int from, int to) =>
        File.AppendAllText(Csv, string.Concat(Enumerable.Range(from, to - from).Select(i => $"{i}\n")));

    private void Append(string series, int from, int to) =>
        File.AppendAllText(Csv, string.Concat(Enumerable.Range(from, to - from).Select(i => $"{series},{i}\n")));

    private static float[] Numbers(int from, int to) => [.. Enumerable.Range(from, to - from).Select(i => (float)i)];
}
