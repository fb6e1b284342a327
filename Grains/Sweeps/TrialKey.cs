using System.Security.Cryptography;
using System.Text;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>
/// What the steps of a run are a function of, as one hash: two runs of one key and of one arithmetic have the same figures to the bit.
/// </summary>
internal static class TrialKey
{
    /// <summary>The key of a run.</summary>
    /// <param name="spec">Its spec, every size known.</param>
    /// <param name="files">Its data.</param>
    public static string Of(RunSpec spec, IReadOnlyList<DataFile> files)
    {
        // Early stopping is no part of the hash, because a run may be resumed with another, but decides which epochs there are.
        var text = new StringBuilder($"{SpecHash.Of(spec)}\n{spec.Train.ShardCount}\n{spec.Train.EarlyStopping}\n");
        foreach (var file in files)
            text.Append(file.Sha256).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
