using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Training.Fused.Losses;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Training.Torch.Custom;

/// <summary>A loss that a program adds as a function of TorchSharp's tensors.</summary>
internal sealed record ModuleLoss : LossSpec
{
    public ModuleLoss(string name, Func<Tensor, Tensor, Tensor> sum, bool ofClasses)
    {
        ArgumentNullException.ThrowIfNull(sum);
        (Word, Sum, OfClasses) = (CustomWord.Of(name), sum, ofClasses);
    }

    public override string Word { get; }

    public override string About => "a loss of the program that hosts the silo; with engine torch";

    public override bool OfClasses { get; }

    public override IReadOnlyList<LossSpec> Others => LossFunctions.All;

    public override string TorchFunction => Word;

    public Func<Tensor, Tensor, Tensor> Sum { get; }
}
