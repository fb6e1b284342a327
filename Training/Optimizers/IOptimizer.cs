namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>
/// Turns averaged gradients into updates of the flat parameters, with the equations of its namesake in <c>torch.optim</c>.
/// </summary>
/// <remarks>
/// One fused pass over the flat buffers, element by element, without fused multiply-add, so that neither vector width nor processor
/// changes a bit.
/// </remarks>
public interface IOptimizer
{
    /// <summary>Updates made so far; part of the optimizer's state. Set when a state is restored.</summary>
    long Count { get; set; }

    /// <summary>
    /// The running averages, by name, each as long as the parameters; with <see cref="Count"/> the complete state. Always the same memory,
    /// in the same order.
    /// </summary>
    IReadOnlyList<RunningAverage> Averages { get; }

    /// <summary>
    /// Whether every parameter and running average that was written since <see cref="Begin"/> is finite. A running average that is not
    /// can leave the parameters as they are for ever: an update divided by infinity is 0.
    /// </summary>
    bool IsFinite { get; }

    /// <summary>Updates the parameters in place.</summary>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="gradient">The averaged, clipped gradient, as long.</param>
    /// <param name="learningRate">The learning rate of this step.</param>
    void Step(Span<float> parameters, ReadOnlySpan<float> gradient, double learningRate)
    {
        Begin(learningRate);
        Update(0, parameters, gradient);
    }

    /// <summary>Begins an update in pieces, in any order; the result equals that of <see cref="Step"/> to the bit.</summary>
    /// <param name="learningRate">The learning rate of this step.</param>
    void Begin(double learningRate);

    /// <summary>Updates a piece of the parameters in place. Once for every piece after <see cref="Begin"/>.</summary>
    /// <param name="first">The index of the piece's first element in the flat parameters.</param>
    /// <param name="parameters">The parameters of the piece.</param>
    /// <param name="gradient">Their averaged, clipped gradient, as long.</param>
    void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient);
}

/// <summary>A running average that an optimizer keeps of each parameter.</summary>
/// <param name="Name">Its name in <c>torch.optim</c>.</param>
/// <param name="Values">One value per parameter.</param>
public readonly record struct RunningAverage(string Name, Memory<float> Values);
