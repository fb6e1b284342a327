using System.Reflection;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Training.Torch.Custom;
using TorchSharp;

namespace Orleans.Tbptt.Training.Torch;

/// <summary>
/// libtorch's function for a loss, which the loss names (<see cref="LossSpec.TorchFunction"/>): outputs, targets, the sum as reduction, and
/// every other argument that has the name of one of the loss's keys (<c>label_smoothing</c> that of <c>labelSmoothing</c>); the rest have
/// libtorch's defaults.
/// </summary>
internal sealed class TorchLoss
{
    private readonly Func<torch.Tensor, torch.Tensor, torch.Tensor> _sum;

    // Of a loss that a program adds; null for libtorch's own.
    private readonly string? _word;

    /// <summary>Finds the function.</summary>
    /// <exception cref="NotSupportedException">libtorch has none.</exception>
    public TorchLoss(LossSpec loss)
    {
        if (loss.KeysWithoutTorch is [var key, ..])
            throw new NotSupportedException($"loss {loss.Word}: libtorch has no {key} as here; write engine: fused");
        OfClasses = loss.OfClasses;
        _word = loss is ModuleLoss ? loss.Word : null;
        _sum = loss is ModuleLoss custom ? custom.Sum : Find(loss);
    }

    /// <summary>Whether targets are classes.</summary>
    public bool OfClasses { get; }

    /// <summary>The loss summed over all elements.</summary>
    public torch.Tensor Sum(torch.Tensor outputs, torch.Tensor targets) => _sum(outputs, targets);

    /// <summary>
    /// The loss summed over the elements that are not masked: rows with their outputs, or, where rows are masked in part, single elements,
    /// which a loss of values is a sum over.
    /// </summary>
    public torch.Tensor Sum(torch.Tensor outputs, torch.Tensor targets, TargetMask mask, HostTransfer host)
    {
        if (!mask.IsOfRows && _word is { } custom)
            throw new NotSupportedException(
                $"loss {custom} takes rows, and some rows are masked in part; mask time steps with all their targets, or none");
        var kept = host.ToDevice<long>(mask.Kept, mask.Kept.Length);
        return mask.IsOfRows
            ? _sum(outputs.index_select(0, kept), targets.index_select(0, kept))
            : _sum(outputs.reshape(-1).index_select(0, kept), targets.reshape(-1).index_select(0, kept));
    }

    private static Func<torch.Tensor, torch.Tensor, torch.Tensor> Find(LossSpec loss)
    {
        var function = typeof(torch.nn.functional).GetMethods()
            .FirstOrDefault(one => one.Name == loss.TorchFunction
                && one.GetParameters().Any(parameter => parameter.ParameterType == typeof(torch.nn.Reduction)))
            ?? throw new NotSupportedException($"loss {loss.Word}: libtorch has no function for it; write engine: fused");
        var keys = ChoiceKeys.Numbers(loss).ToDictionary(key => key.Key, key => key.Value, StringComparer.OrdinalIgnoreCase);
        object?[] others = [.. function.GetParameters().Select(parameter => parameter.ParameterType == typeof(torch.nn.Reduction)
            ? torch.nn.Reduction.Sum
            : keys.TryGetValue(parameter.Name!.Replace("_", "", StringComparison.Ordinal), out double value)
                ? Convert.ChangeType(value, parameter.ParameterType, System.Globalization.CultureInfo.InvariantCulture)
                : parameter.DefaultValue is DBNull ? null : parameter.DefaultValue)];
        return (outputs, targets) =>
        {
            object?[] arguments = [outputs, targets, .. others[2..]];
            return (torch.Tensor)function.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
        };
    }
}
