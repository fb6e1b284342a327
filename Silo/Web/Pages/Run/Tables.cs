using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The finished epochs.</summary>
internal static class EpochTable
{
    private const int Shown = 15;

    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Epoch</th><th scope="col">Loss</th><th scope="col">Validation</th><th scope="col" class="wide">Step</th>
        <th scope="col" class="wide">Took</th>
        """);

    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var epochs = run.History.Epochs;
        double? best = epochs.Select(epoch => epoch.ValidationLoss).Where(loss => loss is { } value && double.IsFinite(value)).Min();
        return epochs.Count == 0
            ? Html.Of($"""<p class="dim">No epoch has finished yet.</p>""")
            : Html.Of($"""
                {Html.If(epochs.Count > Shown, () => $"""<p class="dim">The last {Shown} of {epochs.Count}.</p>""")}
                {Words.Table("Epochs, newest first", Head, Html.Each(epochs.Reverse().Take(Shown), epoch => Row(epoch, best)))}
                """);
    }

    private static FormattableString Row(EpochFinished epoch, double? best) => $"""
        <tr><th scope="row">{epoch.Epoch}</th><td class="figure">{Text.Figure(epoch.Loss)}</td>
        <td class="figure">{(epoch.ValidationLoss is { } loss ? Text.Figure(loss) : "–")}{Best(epoch, best)}</td>
        <td class="wide figure">{Text.Count(epoch.Step)}</td><td class="wide figure">{Text.Duration(epoch.Seconds)}</td></tr>

        """;

    private static IHtmlContent Best(EpochFinished epoch, double? best) =>
        Html.If(epoch.ValidationLoss == best && best is not null, () => $" <strong>best</strong>");
}

/// <summary>The current trainers.</summary>
internal static class TrainerView
{
    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Trainer</th><th scope="col" class="wide">Shards</th><th scope="col">Lanes</th><th scope="col">Silo</th>
        <th scope="col" class="wide">Device</th><th scope="col" class="wide">Place</th>
        """);

    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run) => run.Status.Trainers.Count == 0
        ? Html.Of($"""<p class="dim">No trainer has been placed yet.</p>""")
        : Html.Of($"""
            {Words.Table("Trainers", Head, Html.Each(run.Status.Trainers, Row))}
            {Html.If(run.Status.Engine.Length > 0, () => $"""<p class="dim">Engine: {run.Status.Engine}</p>""")}
            """);

    private static FormattableString Row(TrainerStatus trainer) => $"""
        <tr><th scope="row">{trainer.Index}</th>
        <td class="wide">{(trainer.Shards == 0 ? "–" : Range(trainer.FirstShard, trainer.Shards))}</td>
        <td>{Range(trainer.FirstLane, trainer.Lanes)}</td><td>{(trainer.Silo.Length > 0 ? trainer.Silo : "–")}</td>
        <td class="wide figure">{trainer.Device} {trainer.Engine}</td><td class="wide figure">{trainer.Place}</td></tr>

        """;

    private static string Range(int first, int count) => count == 1 ? $"{first}" : $"{first}–{first + count - 1}";
}

/// <summary>The newest checkpoints.</summary>
internal static class CheckpointTable
{
    private const int Shown = 10;

    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Step</th><th scope="col">Name</th><th scope="col">Bytes</th><th scope="col" class="wide">Took</th>
        <th scope="col" class="wide">Written</th>
        """);

    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run) => run.History.Checkpoints.Count == 0
        ? Html.Of($"""<p class="dim">No checkpoint has been written yet.</p>""")
        : Html.Of($"""
            {Words.Table("The newest checkpoints", Head, Html.Each(run.History.Checkpoints.Reverse().Take(Shown), Row))}
            <p class="dim">{Text.Plural(run.History.CheckpointsWritten, "checkpoint")} written.
            <code>checkpoint.keepLast</code> and <code>keepBest</code> determine how many are kept.</p>
            """);

    private static FormattableString Row(CheckpointWritten checkpoint) => $"""
        <tr><th scope="row" class="figure">{Text.Count(checkpoint.Step)}</th><td><code>{checkpoint.Name}</code></td>
        <td class="figure">{Text.Count(checkpoint.Bytes)}</td><td class="wide figure">{checkpoint.Seconds * 1000:0.#} ms</td>
        <td class="wide">{Words.Time(checkpoint.Time)}</td></tr>

        """;
}

/// <summary>Interruptions, warnings, start and end of the run, newest first.</summary>
internal static class HistoryTable
{
    private const int Shown = 20;

    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var history = run.History;
        var all = history.Interruptions.Select(one => (Time: one.To, Words: Describe(one)))
            .Concat(history.Warnings.Select(warning => (warning.Time, Words: $"warning: {warning.Message}")))
            .Concat(history.Started is { } started ? [(started.Time, EventText.Of(started) ?? "")] : [])
            .Concat(history.Ended is { } ended ? [(ended.Time, EventText.Of(ended) ?? "")] : [])
            .OrderByDescending(one => one.Time).Take(Shown).ToList();
        return all.Count == 0
            ? Html.Of($"""<p class="dim">Nothing yet.</p>""")
            : Html.Of($"""<ol class="history">{Html.Each(all, one => $"<li>{Words.Time(one.Time)} {one.Words}</li>")}</ol>""");
    }

    private static string Describe(Interruption one)
    {
        string who = one.Trainers.Count == 0 ? ""
            : $"{(one.Trainers.Count == 1 ? "trainer" : "trainers")} {string.Join(", ", one.Trainers)}";
        string took = Text.Duration(one.Took.TotalSeconds);
        return one.Kind switch
        {
            InterruptionKind.Recovery => $"recovered: {who} placed again after {took}, step {Text.Count(one.Step)} repeated: {one.Reason}",
            InterruptionKind.Takeover => $"taken over after {took}, from step {Text.Count(one.Step)}: {one.Reason}",
            InterruptionKind.Handover => $"handed over in {took} at step {Text.Count(one.Step)}: {one.Reason}",
            InterruptionKind.Resize => one.Reason,
            InterruptionKind.Move => $"moved: {who} to other silos in {took} after step {Text.Count(one.Step)}: {one.Reason}",
            _ => $"resumed after {took} at step {Text.Count(one.Step)}",
        };
    }
}
