using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The faults of the run, with their remedies.</summary>
internal static class ProblemsCard
{
    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var now = Now(run).ToList();
        var before = Before(run).ToList();
        bool bad = run.Status.State is RunState.Failed or RunState.Diverged || run.Info.IsLost;
        string kind = bad ? "bad" : now.Count > 0 ? "warn" : before.Count > 0 ? "mended" : "well";
        return Html.Of($"""
            <section class="card trouble {kind}" aria-labelledby="trouble-title">
            <h2 id="trouble-title">{(now.Count > 0 ? "Problems" : before.Count > 0 ? "Recovered problems" : "No problems")}</h2>
            {Html.Each(now, text => $"<p>{text}</p>")}
            {Html.If(before.Count > 0, () => $"<ul>{Html.Each(before, text => $"<li>{text}</li>")}</ul>")}
            </section>
            """);
    }

    private static IEnumerable<IHtmlContent> Now(RunSnapshot run)
    {
        var status = run.Status;
        string next = status.CheckpointStep is { } checkpoint
            ? $"“Resume” continues from the checkpoint of step {Text.Count(checkpoint)}, with the bits of an uninterrupted run."
            : "There is no checkpoint yet: “Resume” starts at step 0.";
        if (run.Info.IsInterrupted)
            yield return Html.Of(
                $"This run was interrupted: the silos started for it have ended. {next} Or run <code>tbptt resume {status.Id}</code>.");
        else if (run.Info.IsLost)
            yield return Html.Of($"This run has not been trained since {Words.Time(status.UpdatedAt)}: its silos have ended. {next}");
        else if (status.State == RunState.Failed)
            yield return Html.Of(
                $"The run failed at step {Text.Count(status.Step)}: <strong>{status.Message}</strong>. Remove the cause first. {next}");
        else if (status.State == RunState.Diverged)
        {
            const string Kept = "The parameters before that update are kept.";
            const string Advice = "Resuming would diverge again: lower train.optimizer.lr, or set train.clipNorm.";
            yield return Html.Of(
                $"Training diverged after step {Text.Count(status.Step)}: <strong>{status.Message}</strong>. {Kept} {Advice}");
        }
        else if (status.State == RunState.Stopped)
            yield return Html.Of($"The run was stopped at step {Text.Count(status.Step)}: {Given(status.Message)}. {next}");
        else if (status.State == RunState.Paused)
            yield return Html.Of($"The run was paused at step {Text.Count(status.Step)}: {Given(status.Message)}. {next}");
        else if (status.State == RunState.Queued)
            yield return Html.Of(
                $"The run waits, {Outcome.Queue(status.QueuePosition)}: {Given(status.Message)}. It starts automatically.");
        if (run.SilentSince is { } since && !status.HasEnded)
        {
            const string Next = "If its silo died, another one takes the run over within seconds.";
            yield return Html.Of($"The run's coordinator has not answered since {Words.Time(since)}. {Next}");
        }

        foreach (var finding in status.Audit?.Findings ?? [])
            yield return Html.Of($"Audit of {finding.Words}.");
        if (!status.HasEnded && status.Warning.Length > 0)
            yield return Html.Of($"{status.Warning}");
        if (!status.HasEnded && status.Trainers.Where(trainer => trainer.State == TrainerState.Late).ToList() is { Count: > 0 } late)
        {
            string who = string.Join(", ", late.Select(one => $"{one.Index} on {one.Silo}"));
            var (trainers, compute) = late.Count == 1 ? ("Trainer", "computes") : ("Trainers", "compute");
            yield return Html.Of($"{trainers} {who} {compute} much longer than usual. A trainer that hangs is replaced.");
        }
    }

    private static IEnumerable<IHtmlContent> Before(RunSnapshot run)
    {
        foreach (var lost in run.History.Interruptions.Where(one => one.IsLoss).Reverse().Take(3))
        {
            var when = Words.Time(lost.To);
            string took = Text.Duration(lost.Took.TotalSeconds), step = Text.Count(lost.Step);
            bool isOne = lost.Trainers.Count <= 1;
            string who = lost.Trainers.Count == 0 ? "The coordinator"
                : $"{(isOne ? "Trainer" : "Trainers")} {string.Join(", ", lost.Trainers)}";
            if (lost.Kind == InterruptionKind.Takeover)
            {
                string again = $"continued from step {step}; later steps are computed again, to the same bits";
                yield return Html.Of($"{when}: {who} was lost. Another silo took the run over {took} after its last event and {again}.");
                continue;
            }

            var (was, itWas) = isOne ? ("was", "It was") : ("were", "They were");
            string repeated = $"and step {step} was repeated: the result does not change";
            yield return Html.Of($"{when}: {who} {was} lost ({Cause(lost.Reason)}). {itWas} placed again within {took}, {repeated}.");
        }

        foreach (string passed in run.History.PassedOver)
            yield return Html.Of($"A checkpoint was skipped: {passed}.");
    }

    /// <summary>The cause without the names of the lost trainers, which the sentence contains already.</summary>
    private static string Cause(string reason) => reason.Split(" is lost: ", 2)[^1];

    private static string Given(string reason) => reason.Length > 0 ? reason : "no reason given";
}
