using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Run;
using Orleans.Tbptt.Specs.Comparing;

namespace Orleans.Tbptt.Tests.Silo.Web.Pages;

public sealed class MarkupTests
{
    private const string Hostile = "\"><script>alert(1)</script>";
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly RunHistory _history = new(clipNorm: null);
    private readonly TrainerStrip _strip = new();

    /// <summary>Whatever a spec, a silo or a message is called: no name becomes markup anywhere on the page.</summary>
    [Fact]
    public void RunPage_EscapesEveryName()
    {
        var trainer = new TrainerStatus(0, 0, 1, Hostile, Hostile, TrainerState.Late, 0, Hostile);
        _history.Add(new RunStarted { Run = Hostile, Name = Hostile, Epochs = 1, StepsPerEpoch = 1, Trainers = 1, Lanes = 1, Parameters = 1,
            Directory = Hostile, PassedOver = [Hostile] });
        _history.Add(new TrainersRecovered { Step = 1, Trainers = [0], Reason = Hostile, Seconds = 1 });
        _history.Add(new CheckpointWritten { Step = 1, Name = Hostile, Bytes = 1, Seconds = 1 });
        _history.Add(new RunWarning { Message = Hostile });
        _strip.Add(Now, [trainer], Now);
        var status = Status(RunState.Running) with
        {
            Id = Hostile, Name = Hostile, Message = Hostile, Warning = Hostile, Engine = Hostile, Trainers = [trainer],
            Metrics = [new(Hostile, 1, Hostile)],
        };

        string page = HtmlPage.Markup(Content(status, Hostile));

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void RunPage_HasTheCommandsForItsNewestStep()
    {
        string card = HtmlPage.Markup(StepCard.Of(Status(RunState.Running) with { Id = "wave-1", Loss = 0.25 }));

        Assert.Contains("tbptt at wave-1 --step <span data-chosen=\"step\">7</span> --export DIR\n", card, StringComparison.Ordinal);
        Assert.Contains("tbptt fork wave-1 --at <span data-chosen=\"step\">7</span> --set KEY=VALUE\n", card, StringComparison.Ordinal);
        Assert.Contains("tbptt explain wave-1 --step <span data-chosen=\"step\">7</span></pre>", card, StringComparison.Ordinal);
        Assert.Contains("loss <span data-chosen=\"loss\">0.25</span>", card, StringComparison.Ordinal);
        Assert.Contains("data-step-page href=\"/runs/wave-1/steps/7\">", card, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RunState.Failed, "The run failed at step 7")]
    [InlineData(RunState.Diverged, "Training diverged after step 7")]
    [InlineData(RunState.Stopped, "The run was stopped at step 7")]
    [InlineData(RunState.Paused, "The run was paused at step 7")]
    [InlineData(RunState.Queued, "The run waits")]
    [InlineData(RunState.Running, "No problems")]
    [InlineData(RunState.Completed, "No problems")]
    public void Card_SaysInWordsHowTheRunStands(RunState state, string words) =>
        Assert.Contains(words, HtmlPage.Markup(ProblemsCard.Of(Snapshot(Status(state)))), StringComparison.Ordinal);

    [Fact]
    public void Card_ReportsOfARecovery_AndThatNothingIsLost()
    {
        _history.Add(
            new TrainersRecovered { Time = Now, Step = 8, Trainers = [1], Reason = "trainer 1 is lost: silo-2 was lost", Seconds = 0.9 });

        string card = HtmlPage.Markup(ProblemsCard.Of(Snapshot(Status(RunState.Running))));

        Assert.Contains("Trainer 1 was lost (silo-2 was lost). It was placed again within 0.9 s, and step 8 was repeated", card,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Strip_ShowsARecovery_AlsoWhereNoSampleFellIntoIt()
    {
        var trainer = new TrainerStatus(0, 0, 1, "silo-1", "cpu", TrainerState.Training);
        for (int sample = 0; sample < 8; sample++)
            _strip.Add(Now.AddMilliseconds(250 * sample), [trainer, trainer with { Index = 1 }], Now);
        _history.Add(new TrainersRecovered { Time = Now.AddSeconds(1.1), Step = 8, Trainers = [1], Reason = "", Seconds = 0.05 });

        string[] rows = HtmlPage.Markup(Tbptt.Silo.Web.Pages.Run.StripView.Of(Snapshot(Status(RunState.Running)))).Split("strip-row");

        Assert.DoesNotContain("path class=\"recovery\"", rows[1], StringComparison.Ordinal);
        Assert.Contains("<path class=\"recovery\" d=\"M4 18h1V0h-1z\"/>", rows[2], StringComparison.Ordinal);
        Assert.Contains("trainer 1: computing 100 %, waiting 0 %, 1 interruption, on silo-1", rows[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Specs_DifferInTheKeysWhoseValuesDo()
    {
        var differences =
            SpecDifference.Between("train:\n  lr: 0.1\n  epochs: 2\nname: a\n", "name: a\ntrain: {lr: 0.2, epochs: 2, clipNorm: 1}\n");

        Assert.Equal([new("train.lr", "0.1", "0.2"), new("train.clipNorm", null, "1")], differences);
    }

    private Microsoft.AspNetCore.Html.IHtmlContent Content(RunStatus status, string spec)
    {
        var all = new Microsoft.AspNetCore.Html.HtmlContentBuilder();
        foreach (var (_, part) in RunPage.Parts(Snapshot(status), new WebToken(null)))
            all.AppendHtml(part());
        return all.AppendHtml(Html.Of($"<pre>{spec}</pre>"));
    }

    private RunSnapshot Snapshot(RunStatus status) => new(new(new("/runs", RunId.Parse("wave-1")), status, Now), _history, _strip, null);

    private static RunStatus Status(RunState state) => new()
    {
        Id = "wave-1", Name = "wave", State = state, Epochs = 2, Step = 7, UpdatedAt = Now, SubmittedAt = Now.AddMinutes(-1),
        CheckpointStep = 5,
    };
}
