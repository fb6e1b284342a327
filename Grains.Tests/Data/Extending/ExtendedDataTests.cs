using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Extending;

/// <summary>What a run trains on, and from where, that extends another one on data that grew.</summary>
public sealed class ExtendedDataTests : ExtendedData
{
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
        Assert.Equal([new(0, 0, 10, false, Continues: true), new(0, 10, 10, false), new(0, 20, 5, false)],
            Enumerable.Range(0, (int)plan.Steps).Select(step => plan[step, 0]));
    }

    [Fact]
    public void ExtendedRun_IsExtendedAgain_FromItsOwnEnd()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 61);
        RunSpec grandchild = Parent.Write(Directory, child);
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

    [Theory]
    [InlineData("bytes", "abcabcab", "cabc")]
    [InlineData("characters", "abcabcab", "cabc")]
    [InlineData("words", "a b c\na b\n", "c a\n")]
    public void Texts_AreExtended(string source, string text, string more)
    {
        string file = Directory.File("t.txt");
        File.WriteAllText(file, text);
        RunSpec child = Parent.Write(Directory, Text(source, file));
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
        string file = Directory.File("t.txt");
        File.WriteAllText(file, "abab");
        RunSpec child = Parent.Write(Directory, Text("characters", file));
        File.AppendAllText(file, "ax");

        Assert.Equal("data.source: found 3 different tokens, such as 'x', expected the 2 of the parent's data, which its model knows; "
            + "train a run with data.vocabulary, a file that lists the tokens and <unk>, and extend that one", Parent.Problem(child));
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
    public void Parent_IsRefused_WhereItIsNone()
    {
        RunSpec child = Stream(rows: 41);
        Append(41, 51);

        Assert.Equal("model.hiddenSize: found 5, expected 4, as in the parent; correct it, or train a new run",
            Parent.Problem(child with { Model = child.Model with { HiddenSize = 5 } }));
        Assert.Matches("^extends.checkpoint: found checkpoint 1-[0-9]+, which was taken within an epoch, expected one of an epoch's end",
            Parent.Problem(Parent.Write(Directory, Spec(), chunk: 3)));
        File.WriteAllText(Path.Combine(child.Extends!.Run, "data.json"), "{");
        Assert.Contains("data.json', which is damaged", Parent.Problem(child), StringComparison.Ordinal);
        System.IO.Directory.Delete(child.Extends.Run, recursive: true);
        Assert.Throws<SpecException>(() => Parent.Open(child).Dispose());
    }
}
