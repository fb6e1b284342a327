using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Specs.Writing;

/// <summary>A hash that is the same for all specs of the same training.</summary>
public static class SpecHash
{
    /// <summary>
    /// SHA-256, 64 lower-case hexadecimal digits, of the spec as <see cref="SpecWriter"/> writes it, less <c>train.trainers</c>,
    /// <c>train.shards</c>, <c>train.autoscale</c>, <c>train.threads</c>, <c>train.epochs</c>, <c>train.earlyStopping</c>, <c>limits</c>,
    /// <c>audit</c>, <c>speculate</c>, <c>checkpoint</c>, <c>metrics</c>, <c>extends.idleSeconds</c> and <c>extends.checkpoint</c>, which
    /// is a place: a committed state can be trained on by any number of trainers with any number of threads, in any number of shards, for
    /// any number of epochs.
    /// </summary>
    /// <param name="spec">A spec with every size known.</param>
    public static string Of(RunSpec spec) => Digest(SpecWriter.Training(spec));

    /// <summary>Whether a hash is that of a spec; also one of a release that hashed the number of epochs.</summary>
    public static bool Matches(string hash, RunSpec spec) => hash == Of(spec) || hash == Digest(SpecWriter.TrainingOfEpochs(spec));

    /// <summary>Whether the hash leaves a key out, whatever section of a run it is in.</summary>
    /// <param name="key">The key's path, such as <c>train.trainers</c>.</param>
    public static bool IsLeftOut(string key)
    {
        ArgumentNullException.ThrowIfNull(key);

        // Deeper ones are names of columns, or keys of sections that are left out as a whole.
        return key.Split('.') is [var first, ..] parts && (SpecWriter.NotOfTheTraining.Contains(first)
            || (first is "train" or "extends" && parts.Length > 1 && SpecWriter.NotOfTheTraining.Contains(parts[1])));
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
