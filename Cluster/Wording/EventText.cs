using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Wording;

/// <summary>Events as text, one line each.</summary>
public static class EventText
{
    /// <summary>The event as text; null for an unknown kind.</summary>
    /// <param name="runEvent">The event.</param>
    /// <param name="epochs">Epochs of the run, where known: <c>epoch 2/8</c>.</param>
    public static string? Of(RunEvent? runEvent, int? epochs = null) => runEvent switch
    {
        RunStarted { Generation: <= 1, Checkpoint: null } started => Started(started),
        RunStarted { Generation: <= 1, Fork: { } fork } started => $"{Started(started)}; begins with {fork}",
        RunStarted started => Resumed(started),
        StepCommitted step => $"step {Text.Count(step.Step)} (epoch {step.Epoch}{Of(epochs)}): {Loss(step)}",
        EpochFinished epoch => Epoch(epoch, epochs),
        RunTested test =>
            $"test: loss {Text.Loss(test.Loss, MetricKind.Test, test.Metrics)}, over {Text.Size(test.HeldOut)}, "
            + Text.Duration(test.Seconds),
        TrainersRecovered recovery =>
            $"recovered: {Trainers(recovery.Trainers)} placed again after {Text.Duration(recovery.Seconds)}, "
            + $"{Steps(recovery)} repeated: {recovery.Reason}",
        TrainersMoved move =>
            $"moved: {Trainers(move.Trainers)} to other silos in {Text.Duration(move.Seconds)} after step {Text.Count(move.Step)}: " +
            $"{move.Reason}",
        TrainersResized resize =>
            $"resized: {Text.Plural(resize.Trainers, "trainer")}, {resize.Before} before, after step {Text.Count(resize.Step)}, "
            + $"in {Text.Duration(resize.Seconds)}: {resize.Reason}",
        UnlikeBitsFound unlike => $"audit of {unlike.Finding.Words}",
        CheckpointWritten checkpoint =>
            $"checkpoint {checkpoint.Name}: step {Text.Count(checkpoint.Step)}, {Text.Count(checkpoint.Bytes)} bytes in " +
            $"{Text.Duration(checkpoint.Seconds)}",
        RunPaused paused => $"paused at step {Text.Count(paused.Step)}: {paused.Reason}",
        RunHandedOver handover => $"handed over at step {Text.Count(handover.Step)}: {handover.Reason}",
        RunWarning warning => $"WARNING: {warning.Message}",
        RunEnded ended => Ended(ended),
        _ => null,
    };

    /// <summary><see cref="RunStarted"/> of a coordinator that took the run over or resumed it.</summary>
    public static string Resumed(RunStarted started) =>
        $"resumed from {(started.Checkpoint is { } checkpoint ? $"checkpoint {checkpoint} at" : "the initial state,")} step " +
        $"{Text.Count(started.Step)}, "
        + $"generation {started.Generation}, {Text.Team(started.Trainers, started.Shards)}"
        + string.Concat(started.PassedOver.Select(passed => $"; skipped {passed}"));

    private static string Loss(StepCommitted step) => step.Weight > 0 ? $"loss {Text.Figure(step.Loss)}" : "no targets, no update";

    private static string Steps(TrainersRecovered recovery) => recovery.Steps is > 1 and var steps
        ? $"steps {Text.Count(recovery.Step)} to {Text.Count(recovery.Step + steps - 1)}"
        : $"step {Text.Count(recovery.Step)}";

    private static string Started(RunStarted started) =>
        $"run {started.Run}: {Text.Plural(started.Epochs, "epoch")} of {Text.Plural(started.StepsPerEpoch, "step")}"
        + (started.Step == 0 ? ", " : $" after step {Text.Count(started.Step)}, ")
        + $"{Text.Team(started.Trainers, started.Shards)}, {Text.Plural(started.Lanes, "lane")}, "
        + $"{Text.Plural(started.Parameters, "parameter")}, files in {started.Directory}";

    private static string Epoch(EpochFinished epoch, int? epochs)
    {
        string training = Text.Loss(epoch.Loss, MetricKind.Training, epoch.Metrics);
        string validation = epoch.ValidationLoss is { } loss
            ? $", validation {Text.Loss(loss, MetricKind.Validation, epoch.Metrics)}"
            : "";
        // A baseline is the same after every epoch: the summary at the end shows it once.
        string others = string.Concat(epoch.Metrics.Where(metric => metric.Kind == MetricKind.Other)
            .Select(metric => $", {Text.Figure(metric)}"));
        return $"epoch {epoch.Epoch}{Of(epochs)}: loss {training}{validation}{others}, "
            + $"step {Text.Count(epoch.Step)}, {Text.Duration(epoch.Seconds)}";
    }

    private static string Ended(RunEnded ended)
    {
        string why = ended.Message.Length == 0 ? "" : $": {ended.Message}";
        return $"{Text.State(ended.State)} at step {Text.Count(ended.Step)} after {Text.Duration(ended.Seconds)}{why}";
    }

    private static string Trainers(IReadOnlyList<int> trainers) =>
        $"{(trainers.Count == 1 ? "trainer" : "trainers")} {string.Join(", ", trainers)}";

    private static string Of(int? epochs) => epochs is { } all ? $"/{all}" : "";
}
