using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The controls of a run, as forms, which need no script, and the way to its model.</summary>
internal static class RunActions
{
    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunInfo run, WebToken token)
    {
        bool isActive = !run.Status.HasEnded && run.Status.State != RunState.Paused;
        return Html.Of($"""
            <div class="actions">{Html.If(run.Status.State == RunState.Completed && ModelIndex.HasModel(run.Directory), () => $"""<a class="button" href="/models/{run.Directory.Id}">Model</a>""")}{Html.If(isActive && !run.IsLost, () => $"{Form("pause", "Pause", "", "p")}")}{Html.If(run.IsResumable, () => $"{Form("resume", "Resume", "primary", "p")}")}{Html.If(!run.Status.HasEnded, () => $"{Form("stop", "Stop", "danger")}")}</div>
            """);

        IHtmlContent Form(string action, string name, string kind, string key = "") => Html.Of($"""
            <form method="post" action="/runs/{run.Status.Id}/{action}"><input type="hidden" name="{SameSite.Field}" value="{token.Seal}"><button class="button {kind}"{Html.If(key.Length > 0, () => $""" data-key="{key}" """)}>{name}<span class="hidden"> run {run.Status.Id}</span></button></form>
            """);
    }
}
