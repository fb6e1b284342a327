using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Pages;

namespace Orleans.Tbptt.Tests.Silo.Web.Pages;

public sealed class RenderedRunTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly FakeTimeProvider _time = new(Now);
    private readonly RenderedRun _rendered = new();
    private readonly RunHistory _history = new(clipNorm: null);

    [Fact]
    public void FirstMessage_IsSharedByTheViewersOfAPeriod()
    {
        _history.Add(new RunWarning { Message = "one" } with { Number = 1 });
        var first = First();
        _history.Add(new RunWarning { Message = "two" } with { Number = 2 });

        Assert.Same(first, First());
        _time.Advance(RunFeed.Period);
        var second = First();

        Assert.Equal((1, 2), (first.Number, second.Number));
        string text = Encoding.UTF8.GetString(second.Frame.Span);
        Assert.StartsWith("id: 2\ndata: {", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n\n", text, StringComparison.Ordinal);
        Assert.Equal(["id: 2", "data"], text.TrimEnd().Split('\n').Select((line, row) => row == 0 ? line : line[..4]));
    }

    private FirstFrame First()
    {
        var status = new RunStatus { Id = "wave-1", Name = "wave", State = RunState.Running, Epochs = 1 };
        var snapshot = new RunSnapshot(new RunInfo(new("/runs", RunId.Parse("wave-1")), status, Now), _history, new(), null);
        return _rendered.First(snapshot, new WebToken(null), JsonSerializerOptions.Web, _time);
    }
}
