using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Markup;

/// <summary>Fragments that several pages share.</summary>
internal static class Words
{
    /// <summary>A state as a badge; the colour repeats the word.</summary>
    public static IHtmlContent Badge(RunInfo run) => run.IsInterrupted
        ? Html.Of($"""<span class="badge lost">interrupted</span>""")
        : run.IsLost ? Html.Of($"""<span class="badge lost">lost</span>""")
        : Html.Of($"""<span class="badge {Text.State(run.Status.State)}">{Word(run.Status)}</span>""");

    private static string Word(RunStatus status) => status.WaitsForRows ? Outcome.WaitingForRows : Text.State(status.State);

    /// <summary>A time in UTC, which a script converts to the viewer's time zone.</summary>
    public static IHtmlContent Time(DateTimeOffset time) => Html.Of(
        $"""<time datetime="{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fff}Z">{time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time>""");

    /// <summary>A region that is updated while the page is open.</summary>
    public static IHtmlContent Live(string name, IHtmlContent content) => Html.Of($"""<div data-live="{name}">{content}</div>""");

    /// <summary>A table that scrolls, also by keyboard, where it is too wide.</summary>
    public static IHtmlContent Table(string caption, IHtmlContent head, IHtmlContent body) => Html.Of($"""
        <div class="scroll" tabindex="0" role="region" aria-label="Table: {caption}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>
        """);

    /// <summary>Tags, each a link to the runs that have it.</summary>
    public static IHtmlContent Tags(IReadOnlyList<string> tags) =>
        Html.Each(tags, tag => $"""<a class="tag" href="{new Link("/", [new("tag", tag)])}">{tag}</a> """);

    /// <summary>A figure, or a dash.</summary>
    public static string Figure(double? value) => value is { } figure ? Text.Figure(figure) : "–";

    /// <summary>A run's progress, 0 to 1.</summary>
    public static double Progress(RunStatus status) => status.State == RunState.Completed ? 1
        : status.Epochs == 0 || status.Epoch == 0 ? 0
        : Math.Clamp((status.Epoch - 1 + (status.StepsPerEpoch == 0 ? 0 : (double)status.EpochStep / status.StepsPerEpoch)) / status.Epochs,
            0, 1);
}
