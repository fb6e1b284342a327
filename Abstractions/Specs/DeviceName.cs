using System.Globalization;

namespace Orleans.Tbptt.Specs;

/// <summary>A device as people write it: <c>auto</c>, <c>cpu</c> or <c>cuda:N</c>.</summary>
/// <param name="Text">The canonical spelling.</param>
[GenerateSerializer, Immutable, Alias("tbptt.DeviceName")]
public readonly record struct DeviceName([property: Id(0)] string Text)
{
    /// <summary>What <see cref="TryParse"/> takes, for error messages.</summary>
    public const string Expected = "auto, cpu or cuda:N";

    /// <summary>A silo's own choice: its first CUDA device if it has one, its CPU otherwise.</summary>
    public static DeviceName Auto { get; } = new("auto");

    /// <summary>The CPU.</summary>
    public static DeviceName Cpu { get; } = new("cpu");

    /// <summary>The index of a CUDA device; null for the others.</summary>
    public int? CudaIndex => Text.StartsWith("cuda:", StringComparison.Ordinal)
        ? int.Parse(Text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture)
        : null;

    /// <summary>Its kind; null for <c>auto</c>.</summary>
    public DeviceKind? Kind => this == Auto ? null : CudaIndex is null ? DeviceKind.Cpu : DeviceKind.Cuda;

    /// <summary>Reads a device name; <c>cuda</c> alone is <c>cuda:0</c>.</summary>
    public static bool TryParse(string? text, out DeviceName device)
    {
        device = text == "cuda" ? new("cuda:0") : new(text ?? "");
        return device.Text is "auto" or "cpu"
            || (device.Text.StartsWith("cuda:", StringComparison.Ordinal)
                && byte.TryParse(device.Text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
