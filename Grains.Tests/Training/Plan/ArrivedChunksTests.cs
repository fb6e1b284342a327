using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Training.Plan;

/// <summary>The steps of series whose rows are appended to one file.</summary>
public sealed class ArrivedChunksTests
{
    /// <summary>Each letter is a chunk, of one row here, behind one row of each series that has no target yet.</summary>
    [Theory]
    [InlineData("abcabc", "abc abc")]
    [InlineData("abacbcc", "ab abc c")]
    [InlineData("aaaa", "a a a")]
    [InlineData("abab", "ab")]
    [InlineData("cab", "abc")]
    public void Steps_HaveOneChunkOfEachSeries_OrEndWhereOneComesAgain(string chunks, string steps)
    {
        var arrived = new ArrivedChunks(chunk: 1, horizon: 1);
        foreach (char series in "abc" + chunks)
            arrived.Take(series - 'a', 0);

        Assert.Equal(steps.Split(' '), StepsOf(arrived.Steps));
    }

    /// <summary>A series that has no row yet holds no step up. The first row of each has no target.</summary>
    [Fact]
    public void NewSeries_TakesPartFromItsFirstChunkOn()
    {
        var arrived = new ArrivedChunks(chunk: 1, horizon: 1);
        foreach (char series in "aababab")
            arrived.Take(series - 'a', 0);

        Assert.Equal(["a", "ab", "ab"], StepsOf(arrived.Steps));
    }

    /// <summary>5 time steps of the parent, 3 of a chunk, 2 rows ahead: the chunk has come with 10 rows.</summary>
    [Fact]
    public void Chunks_BeginBehindWhatTheParentWasTrainedOn()
    {
        var arrived = new ArrivedChunks(chunk: 3, horizon: 2);
        for (int row = 0; row < 12; row++)
        {
            Assert.Equal(row < 10 ? 0 : 1, arrived.Steps.Steps);
            arrived.Take(0, trained: 5);
        }

        Assert.Equal((1, 1), (arrived.Steps.Lanes[0].Count, arrived.MissingRows));
    }

    /// <summary>Whatever comes: each chunk once, those of a series in order; what was known stays; no wait is too long.</summary>
    [Fact]
    public void Steps_AreAFunctionOfTheRowsAlone()
    {
        const int Rows = 4000, Chunk = 5, Most = 7;
        for (ulong seed = 0; seed < 5; seed++)
        {
            int[] counts = new int[Most];
            int known = 0, promised = 0;
            var arrived = new ArrivedChunks(Chunk, horizon: 1);
            var seen = new List<ArrivedSteps> { arrived.Steps };
            for (int row = 0; row < Rows; row++)
            {
                int series = (int)CounterRandom.Below(CounterRandom.Derive(seed, 1), (ulong)row, (ulong)Math.Min(Most, known + 1));
                known = Math.Max(known, series + 1);
                counts[series]++;
                arrived.Take(series, trained: 0);
                seen.Add(arrived.Steps);
                Assert.True(promised <= 1 || seen[^1].Steps == seen[^2].Steps);
                promised = arrived.MissingRows;
            }

            var all = StepsOf(seen[^1]);
            foreach (ArrivedSteps then in seen.Where((_, row) => row % 371 == 0))
                Assert.Equal(all.Take((int)then.Steps), StepsOf(then));
            for (int series = 0; series < known; series++)
            {
                int whole = (counts[series] - 1) / Chunk;
                Assert.InRange(all.Count(step => step.Contains((char)('a' + series))), whole - 1, whole);
            }
        }
    }

    private static IReadOnlyList<string> StepsOf(ArrivedSteps steps)
    {
        int[] count = [.. Enumerable.Range(0, (int)steps.Steps)];
        foreach (int lane in Enumerable.Range(0, steps.Lanes.Count))
        {
            int[] chunks = [.. count.Select(step => steps.ChunkOf(step, lane)).Where(chunk => chunk >= 0)];
            Assert.Equal(Enumerable.Range(0, chunks.Length), chunks);
        }

        return
        [
            .. count.Select(step => string.Concat(Enumerable.Range(0, steps.Lanes.Count)
                .Where(lane => steps.ChunkOf(step, lane) >= 0).Select(lane => (char)('a' + lane)))),
        ];
    }
}
