using System.Globalization;
using System.Security.Cryptography;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>A run's <c>model.safetensors</c>: a function of its spec and of what it leaves.</summary>
public static class RunModelFile
{
    /// <summary>What the run's safetensors files say of themselves.</summary>
    public static IReadOnlyDictionary<string, string> Metadata(RunOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return new Dictionary<string, string> { ["format"] = "pt", ["step"] = $"{output.Step}" };
    }

    /// <summary>Writes the file.</summary>
    public static void Write(Stream stream, RunSpec spec, RunOutput output)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(output);
        SafetensorsFile.Write(stream, ParameterLayout.Of(spec.Model), output.Parameters, Metadata(output));
    }

    /// <summary>The committed steps of the run when its model was written; null where a file does not say them.</summary>
    /// <exception cref="SafetensorsException">It is no whole file of safetensors.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static long? StepOf(string path) =>
        SafetensorsFile.ReadHeader(path).Metadata.TryGetValue("step", out string? text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : null;

    /// <summary>The SHA-256 of what <see cref="Write"/> writes, in small hexadecimal digits.</summary>
    public static string HashOf(RunSpec spec, RunOutput output)
    {
        using var sha = SHA256.Create();
        using (var hashed = new CryptoStream(Stream.Null, sha, CryptoStreamMode.Write))
            Write(hashed, spec, output);
        return Convert.ToHexStringLower(sha.Hash!);
    }

    /// <summary>The SHA-256 of a file, in small hexadecimal digits.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string HashOf(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
