using Orleans.Tbptt.Training.Custom;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch.Custom;

/// <summary>Adds choices that are computed with TorchSharp, to specs with <c>engine: torch</c>.</summary>
public static class TorchChoices
{
    /// <summary>
    /// Adds a recurrent layer with a state: <c>cell: custom/NAME</c>. The trainer puts an embedding below and a linear head above it,
    /// carries its state from chunk to chunk, detached, and zeroes it where a sequence starts. The parameters are the trainer's: their
    /// initial values are drawn from the spec's seed, uniform in ±1/√hiddenSize; a model's file names them <c>rnn.NAME_lN</c> in layer N.
    /// </summary>
    /// <remarks>
    /// What the module computes is a function of its parameters, inputs and state alone: no random numbers, nothing kept from call to call.
    /// </remarks>
    /// <param name="choices">What the program adds.</param>
    /// <param name="name">Its name.</param>
    /// <param name="make">Makes a layer; called for each layer of each trainer, and to find out the parameters.</param>
    /// <param name="states">How many tensors of hiddenSize units a lane's state has, 1 or 2.</param>
    public static CustomChoices AddRecurrentModel(this CustomChoices choices, string name, RecurrentModule make, int states = 1)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.AddCell(new ModuleCell(name, make, states));
    }

    /// <summary>Adds a loss: <c>loss: custom/NAME</c>.</summary>
    /// <param name="choices">What the program adds.</param>
    /// <param name="name">Its name.</param>
    /// <param name="sum">
    /// The loss summed over all elements, a scalar, of outputs <c>[rows, outputs]</c> and targets, <c>[rows, outputs]</c> or classes
    /// <c>[rows]</c>; a row is a time step of a lane.
    /// </param>
    /// <param name="ofClasses">Whether targets are classes; false, the default, for values.</param>
    public static CustomChoices AddLoss(this CustomChoices choices, string name, Func<Tensor, Tensor, Tensor> sum, bool ofClasses = false)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.AddLoss(new ModuleLoss(name, sum, ofClasses));
    }
}
