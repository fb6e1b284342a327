using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The key figures of a run.</summary>
internal static class RunHead
{
    private const int Shown = 6;

    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var (status, known) = (run.Status, run.Info);
        bool runs = status.State == RunState.Running && !known.IsLost;
        double progress = Words.Progress(status);
        return Html.Of($"""
            <dl class="figures">
            <div><dt>State</dt><dd>{Words.Badge(known)}{Queue(run)}</dd></div>
            <div><dt>Epoch</dt><dd>{status.Epoch}/{status.Epochs}</dd></div>
            <div><dt>Step</dt><dd>{Text.Count(status.Step)} <small>{InEpoch(status)} in this epoch</small></dd></div>
            <div><dt>Loss</dt><dd>{Loss(status)}</dd></div>
            <div><dt>Best validation</dt><dd>{Words.Figure(status.BestValidationLoss)}</dd></div>
            <div><dt>{(runs ? "Speed" : "Mean speed")}</dt><dd>{Speed(run, runs)}</dd></div>
            <div><dt>Duration</dt><dd>{Text.Duration(known.Seconds)}</dd></div>
            <div><dt>Generation</dt><dd>{status.Generation}</dd></div>
            </dl>
            <p class="hidden" data-spoken="{RunEntry.StateOf(known)}">{Spoken(run)}</p>
            <progress max="1" value="{progress:0.####}" aria-label="Progress of the run">{progress:P0}</progress>
            {Html.If(status.State == RunState.Completed && status.Message.Length > 0, () => $"""<p>The run has {status.Message}.</p>""")}
            {Html.If(status.Output is not null, () => $"""<p class="dim">The model has {status.Output!.Words}.</p>""")}
            {Html.If(status.WaitsForRows && !known.IsLost, () => $"""<p>The run follows its file: {status.Message}.</p>""")}
            {Html.If(status.Data.Length > 0, () => $"""<p class="dim">Data: {status.Data}</p>""")}
            {Html.If(status.Metrics.Count > 0, () => $"""<p class="dim">{string.Join(", ", Metrics(status))}</p>""")}
            """);
    }

    private static IHtmlContent Queue(RunSnapshot run) => Html.If(
        run.Status.State == RunState.Queued && !run.Info.IsLost, () => $" {Outcome.Queue(run.Status.QueuePosition)}");

    private static string InEpoch(RunStatus status) => $"{Text.Count(status.EpochStep)}/{Text.Count(status.StepsPerEpoch)}";

    /// <summary>The first figures over all sequences; the table of held-out data has the others.</summary>
    private static IEnumerable<string> Metrics(RunStatus status) =>
        status.Metrics.Where(metric => metric.Series is null).Take(Shown).Select(Text.Figure);

    /// <summary>What a screen reader says of the run, from time to time.</summary>
    private static string Spoken(RunSnapshot run)
    {
        var status = run.Status;
        string loss = (status.LastEpochLoss ?? status.Loss) is { } value ? $", loss {Text.Figure(value)}" : "";
        string best = status.BestValidationLoss is { } least ? $", best validation {Text.Figure(least)}" : "";
        return $"{RunEntry.StateOf(run.Info)}, epoch {status.Epoch} of {status.Epochs}{loss}{best}";
    }

    /// <summary>The loss of the last finished epoch; before the first one, that of the last step.</summary>
    private static IHtmlContent Loss(RunStatus status) => status.LastEpochLoss is { } epochLoss
        ? Html.Of($"{Text.Figure(epochLoss)} <small>epoch {status.EpochLosses.Count}</small>")
        : status.Loss is { } stepLoss ? Html.Of($"{Text.Figure(stepLoss)} <small>step {Text.Count(status.Step)}</small>")
        : Html.Of($"–");

    private static IHtmlContent Speed(RunSnapshot run, bool runs)
    {
        double seconds = run.Info.Seconds;
        double steps = runs ? run.Status.StepsPerSecond : seconds > 0 ? run.Status.OwnSteps / seconds : 0;
        double sequenceSteps = runs ? run.Status.SequenceStepsPerSecond : seconds > 0 ? run.Status.SequenceSteps / seconds : 0;
        return Html.Of($"{Text.Rate(steps)} <small>steps/s</small> <small>{Text.Rate(sequenceSteps)} sequence steps/s</small>");
    }
}
