using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>Knows files that <c>torch.save</c> has written: they are programs of Python's pickle, and are not run here.</summary>
internal static class StateDict
{
    /// <summary>The refusal of such a file, with the lines of Python that make a safetensors file of it; null for any other file.</summary>
    public static SpecProblem? Refusal(string path)
    {
        Span<byte> start = stackalloc byte[4];
        using (FileStream file = File.OpenRead(path))
            start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];

        // A zip archive; before PyTorch 1.6 a pickle of protocol 2.
        bool isZip = start.SequenceEqual("PK\u0003\u0004"u8), isPickle = start.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02]);
        if (!isZip && !isPickle)
            return null;
        string safe = Path.ChangeExtension(path, ".safetensors");
        return new(DataKeys.InitFrom, $"a PyTorch file (torch.save) at {path}", "a safetensors file",
            "convert it with three lines of Python, and name that file: import torch, safetensors.torch; "
            + $"weights = torch.load({Python(path)}, map_location=\"cpu\", weights_only=True); "
            + $"safetensors.torch.save_file({{k: v.contiguous() for k, v in weights.items()}}, {Python(safe)})");
    }

    private static string Python(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
