using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Weights;

/// <summary>
/// Reads state dicts that <c>torch.save</c> has written, and refuses its other files with the lines of Python that make a safetensors file
/// of them: they are programs of Python's pickle, and are not run here.
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
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException
            || error is not (IOException or UnauthorizedAccessException))
        {
            throw new SpecException(Refusal(path, $"a PyTorch file with {Message(error)} at {path}"));
        }

        throw new SpecException(Refusal(path, $"a PyTorch file of before 1.6 (torch.save) at {path}"));
    }

    private static SpecProblem Refusal(string path, string found)
    {
        string safe = Path.ChangeExtension(path, ".safetensors");
        return new(DataKeys.InitFrom, found, "a state dict of PyTorch 1.6 or later, or a safetensors file",
            "convert it with three lines of Python, and name that file: import torch, safetensors.torch; "
            + $"weights = torch.load({Python(path)}, map_location=\"cpu\", weights_only=True); "
            + $"safetensors.torch.save_file({{k: v.contiguous() for k, v in weights.items()}}, {Python(safe)})");
    }

    // Of an exception that the unpickler has wrapped, the one that says what was found.
    private static string Message(Exception error) => (error.InnerException ?? error).Message.ReplaceLineEndings(" ");

    private static string Python(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
