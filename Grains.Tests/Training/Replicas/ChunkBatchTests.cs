using Orleans.Tbptt.Data;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Replicas;

public sealed class ChunkBatchTests
{
    public static TheoryData<DataShape> Shapes { get; } = 
        [new DataShape(3, 0, 2, 0), new DataShape(0, 11, 0, 7), new DataShape(2, 0, 0, 5), new DataShape(0, 11, 1, 0)];

    [Theory, MemberData(nameof(Shapes))]
    public void Rows_AreLaidOutTimeByTimeLongestLaneFirst_InReusedBuffers(DataShape shape)
    {
        var draws = new Draws(11);
        var batch = new ChunkBatch(shape);
        for (int i = 0; i < 150; i++)
        {
            int lanes = draws.Int(1, 8), k = draws.Int(1, 12);
            var sequences = new FormulaSequences(shape, draws.Ints(draws.Int(1, 12), 1, draws.Int(1, 40)), (ulong)i);
            var plan = ChunkPlan.Create(sequences, lanes, ChunkSplit.OfLength(k));
            foreach (var block in LaneBlock.Split(lanes, draws.Int(1, lanes)))
            {
                // One step past the end too: every lane idle.
                for (long step = 0; step <= plan.Steps; step++)
                {
                    batch.Load(sequences, plan, step, block);
                    CheckAgainstRows(batch, sequences, BatchRows.Chunks(plan, step, block));
                }
            }
        }
    }

    [Fact]
    public void Batch_IsEmpty_WhenEveryLaneIsIdle()
    {
        var (batch, sequences, plan) = OneBatch([4, 4, 2], lanes: 3, k: 4);

        batch.Load(sequences, plan, step: 0, new(0, 3));
        batch.Load(sequences, plan, step: 1, new(0, 3));

        Assert.True(batch.Segments.IsEmpty);
        Assert.True(batch.ActiveLanes.IsEmpty);
        Assert.Equal([true, true, true], batch.Resets.ToArray());
        Assert.Equal((0, 0, 0.0), (batch.Rows, batch.Steps, batch.Weight));
        Assert.True(batch.Values.IsEmpty);
        Assert.True(batch.TargetValues.IsEmpty);
    }

    [Fact]
    public void EqualLengths_AreOneSegment()
    {
        var (batch, sequences, plan) = OneBatch([5, 5, 5], lanes: 3, k: 5);

        batch.Load(sequences, plan, step: 0, new(0, 3));

        Assert.Equal([new Segment(5, 3, 0, 0)], batch.Segments.ToArray());
    }

    [Fact]
    public void UnequalLengths_AreTheSegmentsOfTheDrawing()
    {
        var (batch, sequences, plan) = OneBatch([3, 5, 5], lanes: 3, k: 5);

        batch.Load(sequences, plan, step: 0, new(0, 3));

        Assert.Equal([1, 2, 0], batch.ActiveLanes.ToArray());
        Assert.Equal([new Segment(3, 3, 0, 0), new Segment(2, 2, 3, 9)], batch.Segments.ToArray());
    }

    private static (ChunkBatch Batch, FormulaSequences Sequences, ChunkPlan Plan) OneBatch(int[] lengths, int lanes, int k)
    {
        var shape = new DataShape(2, 0, 1, 0);
        var sequences = new FormulaSequences(shape, lengths, 1);
        return (new(shape), sequences, ChunkPlan.Create(sequences, lanes, ChunkSplit.OfLength(k)));
    }

    private static void CheckAgainstRows(ChunkBatch batch, FormulaSequences sequences, LaneChunk[] chunks)
    {
        var rows = BatchRows.Of(chunks);
        var shape = batch.Shape;
        Assert.Equal(rows.Count, batch.Rows);
        Assert.Equal(chunks.Max(chunk => chunk.Length), batch.Steps);
        Assert.Equal(rows.Count * Math.Max(1, shape.TargetFeatures), batch.Weight);
        Assert.Equal(chunks.Select(chunk => chunk.IsIdle || chunk.Start == 0), batch.Resets.ToArray());
        Assert.Equal(rows, SegmentRows(batch));

        var places = rows.Select(row => (chunks[row.Lane].Sequence, Time: chunks[row.Lane].Start + row.Time)).ToArray();
        Assert.Equal(Values(places, shape.InputFeatures, sequences.Input), batch.Values.ToArray());
        Assert.Equal(Values(places, shape.TargetFeatures, sequences.Target), batch.TargetValues.ToArray());
        Assert.Equal(shape.HasTokens ? places.Select(place => sequences.Token(place.Sequence, place.Time)) : [], batch.Tokens.ToArray());
        Assert.Equal(shape.HasClasses ? places.Select(place => sequences.Class(place.Sequence, place.Time)) : [], batch.Classes.ToArray());
    }

    /// <summary>The lane and time of each row as the segments say it.</summary>
    private static List<(int Lane, int Time)> SegmentRows(ChunkBatch batch)
    {
        var rows = new List<(int, int)>();
        foreach (var segment in batch.Segments)
        {
            Assert.Equal(rows.Count, segment.FirstRow);
            for (int time = 0; time < segment.Steps; time++)
                rows.AddRange(batch.ActiveLanes[..segment.Lanes].ToArray().Select(lane => (lane, segment.FirstTime + time)));
        }

        return rows;
    }

    private static float[] Values((int Sequence, int Time)[] places, int width, Func<int, int, int, float> value) =>
        [.. places.SelectMany(place => Enumerable.Range(0, width).Select(feature => value(place.Sequence, place.Time, feature)))];
}
