using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The error-to-signal ratio with pre-emphasis (Wright, Damskägg and Välimäki, 2019, "Real-time black-box modelling with recurrent
/// neural networks"): Σ (ŷ′ − y′)² / Σ (y′² + ε), where x′(t) = x(t) − c x(t − 1) runs along a lane, with the emphasis
/// c, and both sums are over all lanes of a chunk; over all chunks of an evaluation.
/// </summary>
/// <remarks>
/// The denominator is the chunk's weight: sums of trainers are added and divided once. Before the first time step of a chunk x is 0, in
/// training and in evaluations: the filter does not look into the chunk before, whose outputs came from other parameters. A time step does
/// not count where its target, or that of the time step before it, is masked or left out as burn-in.
/// </remarks>
public sealed unsafe record ErrorToSignal : Loss
{
    /// <summary>The emphasis c; 0 for none. Default 0.85.</summary>
    public double Emphasis { get; init; } = 0.85;

    /// <summary>What is added to each square of the signal, ε, so that silence is no division by 0. Default 0.00001.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override string Word => "esr";

    /// <inheritdoc/>
    public override string About =>
        "error-to-signal ratio of a chunk, after a filter that raises high frequencies (audio; Wright and others, 2019)";

    /// <inheritdoc/>
    public override bool OfClasses => false;

    /// <inheritdoc/>
    public override bool CountsElements => false;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Emphasis = walk.Number(
            "emphasis", Emphasis, "c of the filter x(t) − c x(t − 1), which begins anew with each chunk; 0 for none",
            NumberRange.Share),
        Epsilon = walk.Number("epsilon", Epsilon, "added to each square of the signal", NumberRange.Positive),
    };

    /// <summary>
    /// Refuses gradients that reach beyond the chunk: of whole sequences and of gradients by lag a loss is summed time step by time step,
    /// and of a window the time step before the newest chunk has no target.
    /// </summary>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("tbptt.backprop") && spec.Tbptt.Backprop is not ChunkBackprop)
        {
            findings.Report(
                "tbptt.backprop", $"{spec.Tbptt.Backprop.Word} with loss {Word}", "chunk, because the loss looks back by a time step",
                "remove it");
        }

        if (spec.Data.Source is TableSource { Horizons: > 1 } table)
        {
            findings.Report(
                "data.horizon", $"1..{table.Horizons} with loss {Word}", "one number, because the loss is of one signal",
                "write one number");
        }

        if (spec.Metrics.GradientLag > 0)
        {
            findings.Report(
                "metrics.gradientLag", $"{spec.Metrics.GradientLag} with loss {Word}", "0, because the loss looks back by a time step",
                "remove it");
        }
    }

    internal override double Sum(Rows outputs, ChunkBatch batch, ref float[] scratch) => Run(batch, outputs).Error;

    internal override double WeightOf(ChunkBatch batch) => Run(batch, null).Signal;

    /// <summary>Both sums; puts the gradient of the first one in the outputs' place, where there are any.</summary>
    private (double Error, double Signal) Run(ChunkBatch batch, Rows? outputs)
    {
        var targets = batch.TargetValues;
        int columns = batch.Shape.TargetFeatures;
        double errors = 0, signals = 0;
        for (int lane = 0; lane < batch.ActiveLanes.Length; lane++)
        {
            for (int column = 0; column < columns; column++)
            {
                // Of the time step before; NaN where its target is masked.
                double errorBefore = 0, signalBefore = 0;
                float* before = null;
                foreach (var segment in batch.Segments)
                {
                    if (lane >= segment.Lanes)
                        break;
                    for (int t = 0, row = segment.FirstRow + lane; t < segment.Steps; t++, row += segment.Lanes)
                    {
                        double signal = targets[(row * columns) + column], emphasised = signal - (Emphasis * signalBefore);
                        bool counts = !double.IsNaN(emphasised);
                        signals += counts ? (emphasised * emphasised) + Epsilon : 0;
                        signalBefore = signal;
                        if (outputs is null)
                            continue;
                        float* output = outputs[row] + column;
                        double error = *output - signal, filtered = error - (Emphasis * errorBefore);
                        *output = 0;
                        if (counts)
                        {
                            errors += filtered * filtered;
                            *output = (float)(2 * filtered);
                            if (before is not null)
                                *before -= (float)(2 * Emphasis * filtered);
                        }

                        errorBefore = error;
                        before = output;
                    }
                }
            }
        }

        return (errors, signals);
    }
}
