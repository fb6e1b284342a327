using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Tests.Training.Metrics;

/// <summary>Figures of label sequences, by hand.</summary>
public sealed class LabelMetricTests
{
    [Theory]
    [InlineData("0110220", 0, "12")]
    [InlineData("1101", 0, "11")]
    [InlineData("0000", 0, "")]
    [InlineData("", 0, "")]
    [InlineData("2212022", 2, "10")]
    public void Decoding_LeavesBlanksAndRepetitionsOut(string path, int blank, string labels)
    {
        int[] classes = Digits(path);

        int count = LabelPath.Decode(classes, blank);

        Assert.Equal(Digits(labels), classes[..count]);
    }

    [Theory]
    [InlineData("123", "123", 0)]
    [InlineData("", "123", 3)]
    [InlineData("12", "", 2)]
    [InlineData("13", "123", 1)]
    [InlineData("1423", "123", 1)]
    [InlineData("321", "123", 2)]
    [InlineData("1111", "2222", 4)]
    public void Distance_IsTheLeastNumberOfEdits(string one, string other, int edits)
    {
        Assert.Equal(edits, LabelPath.Distance(Digits(one), Digits(other)));
        Assert.Equal(edits, LabelPath.Distance(Digits(other), Digits(one)));
    }

    [Fact]
    public void Rates_AreOverLabelsAndOverSequences()
    {
        var numbers = new double[LabelCounts.Numbers];
        LabelCounts.Add([1, 2], [1, 2], numbers);
        LabelCounts.Add([1, 3, 3], [1, 2], numbers);
        LabelCounts.Add([], [4], numbers);
        LabelCounts.Add([], [], numbers);

        var counts = LabelCounts.Of(numbers)!;

        Assert.Equal(new(3, 5, 2, 4), counts);
        Assert.Equal([0.6, 0.5], LabelMetrics.All.Select(metric => metric.Value(counts)));
        Assert.Null(LabelCounts.Of(new double[LabelCounts.Numbers]));
    }

    private static int[] Digits(string text) => [.. text.Select(one => one - '0')];
}
