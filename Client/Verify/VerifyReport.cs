using System.Text.Json.Nodes;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Client.Verify;

/// <summary>Prints what came of a verification.</summary>
internal static class VerifyReport
{
    /// <summary>In lines.</summary>
    public static void Write(TextWriter output, VerifyTarget target, Verified verified)
    {
        void Line(string name, string value) => output.WriteLine($"{name,-11}{value}");
        Line("verified", $"{target.Name}, arithmetic {FusedReplica.ArithmeticVersion}");
        Line("from", verified.Checkpoint is { } checkpoint ? $"checkpoint {checkpoint}" : "its spec and its data");
        Line("computed", $"steps {Text.Count(verified.From + 1)} to {Text.Count(verified.To)}");
        if (target.IsRun)
        {
            string steps = $"{Text.Count(verified.Compared)} of {Text.Plural(verified.To - verified.From, "step")}";
            Line("compared", $"{steps} by their figures, {Text.Count(verified.Hashes)} of them by the hash of the state");
        }

        Line("state", $"{verified.End} after step {Text.Count(verified.To)}");
        if (verified.Model is { } model)
            Line(target.IsRun ? "model" : "weights", $"sha256 {model}");
        output.WriteLine(verified.Difference is { } found
            ? $"not equal  step {Text.Count(found.Step)}: {found.What} is {found.Computed}, expected {found.Published}, as the run says"
            : !IsCompared(target, verified) ? "not compared: the run's journal has none of these steps" : Equal(target, verified));
    }

    /// <summary>That all is equal, and what of it was not there to be compared.</summary>
    private static string Equal(VerifyTarget target, Verified verified)
    {
        string missing = target.IsRun && verified.Missing > 0
            ? $"; {Text.Plural(verified.Missing, "step")} of them {(verified.Missing == 1 ? "is" : "are")} in no journal" : "";
        string end = target.IsRun && !verified.IsEndHashed && verified.Model is null
            ? $"; nothing says what the state after step {Text.Count(verified.To)} has to be" : "";
        string model = target.Uncompared.Length > 0 ? $"; {target.Uncompared}" : "";
        return missing.Length + end.Length + model.Length == 0 ? "equal"
            : $"equal      in all that the run has published of these steps{missing}{end}{model}";
    }

    /// <summary>Whether anything was compared: with neither steps nor an end nor a model nothing is known to be equal.</summary>
    public static bool IsCompared(VerifyTarget target, Verified verified) =>
        !target.IsRun || verified.Compared > 0 || verified.IsEndHashed || verified.Model is not null;

    /// <summary>As JSON.</summary>
    public static JsonObject Json(VerifyTarget target, Verified verified)
    {
        var json = new JsonObject
        {
            ["verified"] = target.Name,
            ["equal"] = verified.Difference is null && IsCompared(target, verified),
            ["arithmetic"] = FusedReplica.ArithmeticVersion,
            ["from"] = verified.From,
            ["to"] = verified.To,
            ["checkpoint"] = verified.Checkpoint,
            ["compared"] = verified.Compared,
            ["hashes"] = verified.Hashes,
            ["missing"] = target.IsRun ? verified.Missing : null,
            ["endHashed"] = target.IsRun ? verified.IsEndHashed : null,
            ["stateHash"] = $"{verified.End}",
            ["modelSha256"] = verified.Model,
            ["uncompared"] = target.Uncompared.Length > 0 ? target.Uncompared : null,
        };
        if (verified.Difference is { } found)
        {
            json["difference"] = new JsonObject
            {
                ["step"] = found.Step, ["what"] = found.What, ["computed"] = found.Computed, ["published"] = found.Published,
            };
        }

        return json;
    }
}
