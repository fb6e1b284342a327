using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>Prefix beam search against the sum over every path.</summary>
public sealed class LabelBeamTests
{
    private const int Classes = 3, Steps = 6;

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Labels_AreTheLikeliestOverAllPaths_WhereEveryPrefixIsKept(int blank)
    {
        var draws = new Draws(11);
        for (int trial = 0; trial < 50; trial++)
        {
            double[] scores = [.. draws.Floats(Steps * Classes).Select(value => 2.0 * value)];
            var expected = OverAllPaths(scores, blank);
            var best = expected.MaxBy(one => one.Value);

            var beam = Searched(scores, width: 10_000, blank);

            Assert.Equal(best.Key, string.Join(' ', beam.Labels.Select(label => label.Class)));
            Assert.Equal(best.Value, Math.Exp(beam.LogProbability), 1e-12);
        }
    }

    /// <summary>Two steps of 0.6 for the blank: the likeliest path has no label, and 0.64 of all paths have one.</summary>
    [Fact]
    public void Labels_AreNotThoseOfTheLikeliestPath_WhereMorePathsStandForOthers()
    {
        double[] scores = [Math.Log(0.6), Math.Log(0.4), Math.Log(0.6), Math.Log(0.4)];
        var beam = new LabelBeam(width: 2, classes: 2, blank: 0);

        Assert.True(beam.TryAdd(scores.AsSpan(..2)) && beam.TryAdd(scores.AsSpan(2..)));

        Assert.Equal([new BeamLabel(1, 0)], beam.Labels);
        Assert.Equal(0.64, Math.Exp(beam.LogProbability), 1e-12);
    }

    [Fact]
    public void Beam_TakesNoScoreThatIsNotFinite_AndBeginsAnew()
    {
        var beam = new LabelBeam(width: 1, classes: 3, blank: 0);
        Assert.True(beam.TryAdd([0, 5, 0]));
        double before = beam.LogProbability;

        Assert.False(beam.TryAdd([0, double.NaN, 0]));
        Assert.Equal((before, 1), (beam.LogProbability, beam.Labels.Count));

        // A class twice, with a blank between.
        Assert.True(beam.TryAdd([5, 0, 0]) && beam.TryAdd([0, 5, 0]));
        Assert.Equal([new(1, 0), new(1, 2)], beam.Labels);
        beam.Begin();
        Assert.Empty(beam.Labels);
    }

    private static LabelBeam Searched(double[] scores, int width, int blank)
    {
        var beam = new LabelBeam(width, Classes, blank);
        for (int t = 0; t < Steps; t++)
            Assert.True(beam.TryAdd(scores.AsSpan(t * Classes, Classes)));
        return beam;
    }

    private static Dictionary<string, double> OverAllPaths(double[] scores, int blank)
    {
        var sums = new Dictionary<string, double>();
        double[] shares = [.. Enumerable.Range(0, Steps).SelectMany(t =>
        {
            double[] powers = [.. scores.Skip(t * Classes).Take(Classes).Select(Math.Exp)];
            return powers.Select(power => power / powers.Sum());
        })];
        for (int path = 0; path < (int)Math.Pow(Classes, Steps); path++)
        {
            int[] classes = [.. Enumerable.Range(0, Steps).Select(t => path / (int)Math.Pow(Classes, t) % Classes)];
            double share = 1;
            for (int t = 0; t < Steps; t++)
                share *= shares[(t * Classes) + classes[t]];
            string labels = string.Join(' ', classes[..LabelPath.Decode(classes, blank)]);
            sums[labels] = sums.GetValueOrDefault(labels) + share;
        }

        return sums;
    }
}
