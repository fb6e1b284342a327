using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class RunNamesTests
{
    private static readonly string[] Ids =
        ["average", "average-20261128-150344-d8bc", "average-20261128-160101-77aa", "sunspots-20261128-150501-77ab"];

    [Theory]
    [InlineData("average")]
    [InlineData("sunspots-20261128-150501-77ab", "sun")]
    [InlineData("sunspots-20261128-150501-77ab", "77ab")]
    [InlineData("average-20261128-150344-d8bc", "0344")]
    [InlineData("average-20261128-150344-d8bc", "average-20261128-15")]
    public void Run_IsFoundByAnyUnambiguousPart(string id, string? typed = null) =>
        Assert.Equal(id, RunNames.Find(typed ?? id, Ids, "./runs"));

    [Theory]
    [InlineData("77a", "average-20261128-160101-77aa, sunspots-20261128-150501-77ab")]
    [InlineData("average-2", "average-20261128-150344-d8bc, average-20261128-160101-77aa")]
    public void AmbiguousPart_ListsTheCandidates(string typed, string candidates) => Assert.Equal(
        $"found 2 runs with '{typed}' in ./runs, expected a part of one ID: {candidates}", Message(typed));

    [Fact]
    public void AmbiguousPart_ListsAFewOfManyCandidates()
    {
        string[] ids = [.. Enumerable.Range(10, 25).Select(number => $"wave-{number}")];

        Assert.EndsWith("wave-18, wave-19 and 15 more", Message("wave", ids), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sunspost", "did you mean sunspots-20261128-150501-77ab?")]
    [InlineData("xyzzy", "see 'tbptt ls'")]
    [InlineData("", "see 'tbptt ls'")]
    public void UnknownPart_NamesWhatIsClose(string typed, string hint) =>
        Assert.Equal($"no run '{typed}' in ./runs; {hint}", Message(typed));

    private static string Message(string typed, string[]? ids = null) =>
        Assert.Throws<ClientException>(() => RunNames.Find(typed, ids ?? Ids, "./runs")).Message;
}
