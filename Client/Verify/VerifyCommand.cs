using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Look;
using Orleans.Tbptt.Client.Statements;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Client.Verify;

/// <summary><c>tbptt verify</c>: computes a run or a model again, and says whether every bit is the same.</summary>
internal static class VerifyCommand
{
    /// <summary>Computes, compares, prints, and writes a statement where one is wanted.</summary>
    /// <returns>0 where all is equal, 5 where something is not.</returns>
    /// <exception cref="ClientException">There is no such run, or it cannot be computed again.</exception>
    public static int Run(ConsoleContext context, VerifyRequest request, CancellationToken cancellation)
    {
        if (request.Statement is { } path && File.Exists(path) && !request.Force)
            throw new ClientException($"--statement: {path} exists; add --force to overwrite it", ExitCode.Failed);
        var target = VerifyTarget.Find(context, request);
        if (target.Arithmetic is { Length: > 0 } other && other != FusedReplica.ArithmeticVersion)
        {
            throw new ClientException(
                $"{target.Name} was computed by arithmetic {other}, and this program computes {FusedReplica.ArithmeticVersion}: expected "
                + $"the same; {FusedReplica.RemedyFor(other)}", ExitCode.Failed);
        }

        // Looked at first, because a verification takes long; made last, because one that fails leaves nothing to sign.
        if (request is { NewKey: true, Key: { } made })
            SigningKey.EnsureNew(made);
        using var known = request is { NewKey: false, Key: { } file } ? SigningKey.Read("--key", file, isPrivate: true) : null;
        var verified = Try(() => target.Verify(request, cancellation));
        if (request.Json)
            context.Terminal.Out.WriteLine(VerifyReport.Json(target, verified).ToJsonString(ListCommand.Json));
        else
            VerifyReport.Write(context.Terminal.Out, target, verified);
        if (verified.Difference is null && request.Key is { } keyFile)
        {
            var statement = Try(() => target.State(verified, $"Orleans.Tbptt {ProtocolVersion.Product}"));
            using var created = known is null ? SigningKey.Create(keyFile) : null;
            var key = known ?? created!;
            var envelope = DsseEnvelope.Sign(ModelStatement.PayloadType, statement.Write(), key);
            Try(() =>
            {
                File.WriteAllText(request.Statement!, envelope.Write() + "\n");
                return true;
            });
            if (!request.Json)
                context.Terminal.Out.WriteLine($"statement  {request.Statement}, signed by key {SigningKey.IdOf(key)}");
        }

        context.Terminal.Out.Flush();
        return verified.Difference is null && VerifyReport.IsCompared(target, verified) ? ExitCode.Completed : ExitCode.Unequal;
    }

    /// <summary>Turns what a replay reports into a message of the console.</summary>
    /// <exception cref="ClientException">It has failed.</exception>
    private static T Try<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is ReplayException or ModelPackageException or IOException or UnauthorizedAccessException)
        {
            throw new ClientException(Text.OneLine(error.Message), ExitCode.Failed, error);
        }
    }
}
