using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <content>What a run begins with, and what is kept of it.</content>
internal sealed partial class SpecSections
{
    private static ExtendsSpec Extends(SpecWalk walk, ExtendsSpec extends) => extends with
    {
        Checkpoint = walk.Text(
            "checkpoint", extends.Checkpoint,
            "a checkpoint of the parent's, of an epoch's end: its parameters, state of the optimizer and number of steps are what the run "
                + "begins with",
            TextForms.ParentCheckpoint),
        Replay = walk.Count(
            "replay", extends.Replay,
            "chunks before the new part of each sequence that are trained on again, from hidden state zero; with 0 the new part alone, "
                + "from the hidden state at the parent's end", min: 0),
        Scaling = walk.Word("scaling", extends.Scaling, "by which statistics columns are scaled", SpecWords.Scalings),
        Follow = walk.Flag(
            "follow", extends.Follow,
            "the run waits for further rows and trains on each once, a whole chunk at a time ([extend.md](extend.md#following-a-file))",
            isWritten: extends.Follow),
        IdleSeconds = walk.Count(
            "idleSeconds", extends.IdleSeconds,
            "seconds without anything new in the file after which a run that follows it has completed; 0 for never; has no part in the "
                + "result of a step",
            min: 0, isWritten: extends.Follow),
    };

    private static AuditSpec Audit(SpecWalk walk, AuditSpec audit) => audit with
    {
        Every = walk.Count(
            "every", audit.Every,
            "a step is audited, all of its trainers' work, if the number of steps before it is a multiple of this; 1 for every step",
            required: true),
    };

    private static MetricsSpec Metrics(SpecWalk walk, MetricsSpec metrics) => metrics with
    {
        Every = walk.Count(
            "every", metrics.Every,
            "the event of a step is kept if its number is a multiple of this; epochs, validation, checkpoints and problems always are " +
            "([journal.md](journal.md#thinning))"),
        GradientLag = walk.Count(
            "gradientLag", metrics.GradientLag,
            "after every so many epochs it is measured from how many chunks back the gradient comes ([below](#gradient-by-lag)); "
                + "0 for never",
            min: 0, isWritten: metrics.GradientLag != 0),
        StateHash = walk.Flag(
            "stateHash", metrics.StateHash,
            "the event of a step has the hash of the state after it, by which runs are compared, and verified "
                + "([exactness.md](exactness.md#the-hash-of-a-state))",
            isWritten: !metrics.StateHash),
    };

    private static CheckpointSpec Checkpoint(SpecWalk walk, CheckpointSpec checkpoint) => checkpoint with
    {
        EverySteps = walk.OptionalCount(
            "everySteps", checkpoint.EverySteps,
            "a checkpoint at every multiple of so many steps; with local steps at the end of the round it lies in", "none"),
        EverySeconds = walk.Number(
            "everySeconds", checkpoint.EverySeconds,
            "a checkpoint when so many seconds have passed since the last; later where writing one takes more than a twentieth of that; " +
            "0 for none by time",
            NumberRange.NotNegative),
        KeepLast = walk.Count("keepLast", checkpoint.KeepLast, "newest checkpoints kept"),
        KeepBest = walk.Count(
            "keepBest", checkpoint.KeepBest,
            "kept however old: those at an epoch's end with the lowest loss (validation's; training's where nothing is held out); such " +
            "an end is always saved; "
            + "0 for none", min: 0),
    };
}
