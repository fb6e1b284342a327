using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>
/// Reads state dicts that <c>torch.save</c> has written, and refuses its other files with the lines of Python that make a safetensors file
/// of them.
/// </summary>
internal static class StateDict
{
    /// <summary>The tensors of such a file; null for a file of another kind.</summary>
    /// <exception cref="SpecException">It is one, and cannot be read.</exception>
    public static SafetensorsHeader? TryReadHeader(string path)
    {
        Span<byte> start = stackalloc byte[4];
        using (FileStream file = File.OpenRead(path))
            start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];

        // A zip archive; before PyTorch 1.6 a pickle of protocol 2.
        bool isZip = start.SequenceEqual("PK\u0003\u0004"u8), isPickle = start.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02]);
        if (!isZip && !isPickle)
            return null;
        try
        {
            if (isZip)
                return TorchFile.ReadHeader(path);
        }
        catch (TorchFileException error)
        {
            throw new SpecException(Refusal(path, $"a PyTorch file with {error.Message} at {path}", error));
        }

        throw new SpecException(Refusal(
            path, $"a PyTorch file of before 1.6 (torch.save) at {path}", new TorchFileException("", TorchConversion.Tensors)));
    }

    private static SpecProblem Refusal(string path, string found, TorchFileException error) => new(
        DataKeys.InitFrom, found, "a state dict of PyTorch 1.6 or later, or a safetensors file",
        error.Conversion == TorchConversion.SaveAgain
            ? "save it again in the program that has the model: torch.save(model.state_dict(), "
                + $"{Python(path)}), or name a safetensors file"
            : Lines(path, error));

    private static string Lines(string path, TorchFileException error)
    {
        bool isModule = error.Conversion == TorchConversion.Module, runsCode = isModule || error.HasObjects;
        string start = !runsCode ? "convert it with three lines of Python, and name that file"
            : "where you trust the file, because torch.load runs code of it, convert it with three lines of Python"
                + $"{(isModule ? " in a program that knows its class" : "")}, and name that file";
        string part = isModule ? ".state_dict()" : error.Entry is { } entry ? $"[{Python(entry)}]" : "";
        string resolved = error.Conversion == TorchConversion.Resolve ? ".resolve_conj().resolve_neg()" : "";
        return $"{start}: import torch, safetensors.torch; "
            + $"weights = torch.load({Python(path)}, map_location=\"cpu\", weights_only={(runsCode ? "False" : "True")}){part}; "
            + $"safetensors.torch.save_file({{k: v{resolved}.contiguous() for k, v in weights.items() if hasattr(v, \"contiguous\")}}, "
            + $"{Python(Path.ChangeExtension(path, ".safetensors"))})";
    }

    private static string Python(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
