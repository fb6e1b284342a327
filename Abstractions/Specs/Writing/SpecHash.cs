using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Specs.Writing;

/// <summary>A hash that is the same for all specs of the same training.</summary>
public static class SpecHash
{
    /// <summary>
    /// SHA-256, 64 lower-case hexadecimal digits, of the spec as <see cref="SpecWriter"/> writes it, less <c>train.trainers</c> and
    /// <c>checkpoint</c>: a committed state can be trained on by any number of trainers.
    /// </summary>
    /// <param name="spec">A spec with every size known.</param>
    public static string Of(RunSpec spec) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SpecWriter.Training(spec))));
}
