using System.Runtime.InteropServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// Connectionist temporal classification (Graves, Fernández, Gomez and Schmidhuber, 2006): −ln of the probability of a sequence's
/// labels, over all ways to spread them over its time steps with blanks between them, divided by their number; the mean over sequences, as
/// <c>torch.nn.functional.ctc_loss</c> with <c>reduction='mean'</c> of the logarithms of the outputs' softmax.
/// </summary>
/// <remarks>
/// A sequence's labels are its targets that are not masked, in order of time; at which time steps they stand does not matter. A sequence
/// without labels counts as one whose time steps are all blank, divided by 1.
/// </remarks>
public sealed record Ctc : Loss
{
    /// <summary>The class that stands for no label. Default 0.</summary>
    public int Blank { get; init; }

    /// <inheritdoc/>
    public override string Word => "ctc";

    /// <inheritdoc/>
    public override string About =>
        "connectionist temporal classification: labels that are fewer than time steps, as `ctc_loss`, each sequence's by its number of "
        + "labels; needs `tbptt.backprop: full` ([toolbox.md](toolbox.md#models-of-whole-sequences))";

    /// <inheritdoc/>
    public override bool OfClasses => true;

    /// <summary>It is a mean over sequences.</summary>
    public override bool CountsElements => false;

    /// <inheritdoc/>
    public override bool NeedsWholeSequences => true;

    /// <inheritdoc/>
    public override int? BlankClass => Blank;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Blank = walk.Count("blank", Blank, "the class that stands for no label, from 0; no target may have it", min: 0),
    };

    /// <inheritdoc/>
    public override SpecProblem? Problem(int outputs) => Blank < outputs ? null : new(
        "train.loss.blank", $"{Blank}", $"a class from 0 to {outputs - 1}", "correct it, or raise model.outputSize");

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("tbptt.burnIn") && spec.Tbptt.BurnIn > 0)
        {
            findings.Report(
                "tbptt.burnIn", $"{spec.Tbptt.BurnIn} with loss {Word}", "0, because labels belong to no time step", "remove it");
        }
    }

    internal override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch)
    {
        double sum = 0;
        for (int position = 0; position < batch.ActiveLanes.Length; position++)
        {
            int steps = batch.ChunkOf(batch.ActiveLanes[position]).Length;
            int most = CtcLattice.Doubles(steps, batch.LabelsOf(position, []), outputs.Columns);
            int needed = checked((2 * most) + (2 * steps));
            if (scratch.Length < needed)
                scratch = new float[needed];
            var whole = MemoryMarshal.Cast<float, int>(scratch.AsSpan(2 * most));
            Span<int> rows = whole[..steps], labels = whole.Slice(steps, steps);
            batch.RowsOf(position, rows);
            labels = labels[..batch.LabelsOf(position, labels)];
            Check(labels, outputs.Columns);
            sum += CtcLattice.Run(outputs, rows, labels, Blank, MemoryMarshal.Cast<float, double>(scratch.AsSpan(0, 2 * most)));
        }

        return sum;
    }

    /// <summary>The sequences.</summary>
    internal override double WeightOf(ChunkBatch batch) => batch.ActiveLanes.Length;

    /// <summary>Data were checked when they were opened; a file that changed since must not cause writes out of bounds.</summary>
    private static void Check(ReadOnlySpan<int> labels, int classes)
    {
        foreach (int label in labels)
        {
            if (label < 0 || label >= classes)
            {
                throw new InvalidDataException(
                    $"the data have a target of class {label}, expected 0 to {classes - 1}; the data changed after they were opened");
            }
        }
    }
}
