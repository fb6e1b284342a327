using System.CommandLine;
using Orleans.Tbptt.Client.Bisect;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Statements;
using Orleans.Tbptt.Client.Verify;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that hold a run to what its spec and its data give.</summary>
internal static class ExactnessCommands
{
    /// <summary><c>tbptt verify</c>.</summary>
    public static Command Verify(ConsoleContext context)
    {
        var target = new Argument<string?>("RUN|MODEL")
        {
            Description = $"{NamedRun.Description}, or that of a model package.",
            Arity = ArgumentArity.ZeroOrOne, CompletionSources = { Suggestions.Runs },
        };
        var from = CommonOptions.Step(
            "--from", "The step of the state to compute from; from the newest checkpoint at or before it. Default: the run's first state.");
        var to = CommonOptions.Step("--to", "The last step. Default: the run's last one.");
        var data = DataRoot("--data-root", "the data");
        var statement = File("--statement", "FILE", "With --key: write a signed statement of what was verified. Otherwise: the statement "
            + "to check.");
        var key = File("--key", "KEY.pem", "Private key of ECDSA over P-256 to sign the statement by.");
        var newKey = new Option<bool>("--new-key") { Description = "Make that key, and next to it its public half, which ends with .pub." };
        var publicKey = File("--public-key", "PEM", "Public key that must have signed the statement to be checked.");
        var force = new Option<bool>("--force") { Description = "Overwrite a statement that exists." };
        var (output, runs) = (CommonOptions.Format(), CommonOptions.RunStore());
        var command = new Command(
            "verify",
            """
            Computes a run, a stretch of it, or a package's model again from spec and data in this process, on whatever machine, and says
            'equal' or the first step that is not: by the loss, the gradient norm and the hash of the state, and at the end by the SHA-256
            of the model. Exits 5 where something is not equal. The run's or package's directory may be a copy.

            With --statement and --key writes what was verified as an in-toto statement in a signed DSSE envelope; with --statement alone
            checks such a statement: its signature, its form, and the files that it names.

            Examples:
              tbptt verify wave-20260314-150926-1a2b
              tbptt verify wave-20260314-150926-1a2b --from 1200 --to 1500
              tbptt verify copies/wave-model --data-root data
              tbptt verify wave-20260314-150926-1a2b --statement wave.intoto.json --key me.pem --new-key
              tbptt verify --statement wave.intoto.json --public-key me.pem.pub wave-model
            """)
        {
            target, from, to, data, statement, key, newKey, publicKey, force, output, runs,
        };
        command.Validators.Add(result =>
        {
            bool signs = result.IsGiven(key), checks = result.IsGiven(statement) && !signs;
            if (signs && !result.IsGiven(statement))
                result.AddError("--key: found without --statement, expected both.");
            if (result.IsGiven(newKey) && !signs)
                result.AddError("--new-key: found without --key, expected both.");
            if (result.IsGiven(publicKey) && !checks)
                result.AddError("--public-key: found without a statement to check, expected --statement without --key.");
            if (!checks && result.GetValue(target) is null)
                result.AddError("RUN|MODEL: found none, expected a run or a model, or --statement to check.");
        });
        command.SetAction((result, cancellation) => Task.Run(
            () => result.GetValue(statement) is { } path && result.GetValue(key) is null
                ? StatementCheck.Run(
                    context, new(result.GetRequiredValue(runs), path)
                    {
                        PublicKey = result.GetValue(publicKey), Model = result.GetValue(target), DataRoot = result.GetValue(data),
                    })
                : VerifyCommand.Run(context, new(result.GetRequiredValue(runs), result.GetValue(target)!)
                {
                    From = result.GetValue(from), To = result.GetValue(to), DataRoot = result.GetValue(data),
                    Statement = result.GetValue(statement), Key = result.GetValue(key), NewKey = result.GetValue(newKey),
                    Force = result.GetValue(force), Json = result.GetValue(output) == "json",
                }, cancellation), cancellation));
        return command;
    }

    /// <summary><c>tbptt bisect</c>.</summary>
    public static Command Bisect(ConsoleContext context)
    {
        var (a, b) = (RunOrDirectory("A", "The first run"), RunOrDirectory("B", "The second run"));
        var (dataA, dataB) = (DataRoot("--data-root-a", "A's data"), DataRoot("--data-root-b", "B's data"));
        var (output, runs) = (CommonOptions.Format(), CommonOptions.RunStore());
        var command = new Command(
            "bisect",
            """
            Finds the first step at which two runs are not the same to the bit, and says why: by what they published, by their checkpoints,
            and where that leaves several steps, by computing both again in this process from the last equal state on, which takes at most
            log2(steps) + 3 replays. Names lane, row, layer and parameter, and the cause: a key of the spec, the data, the arithmetic, or a
            step that was computed wrongly. Exits 0 where every step that both have is equal, 5 where one is not, and 1 where that cannot be
            known here.

            Examples:
              tbptt bisect wave-20260314-150926-1a2b wave-20260315-081200-3c4d
              tbptt bisect runs/wave copies/wave --data-root-b copies/data
              tbptt bisect wave-7 wave-8 --output json
            """)
        {
            a, b, dataA, dataB, output, runs,
        };
        command.SetAction((result, cancellation) => Task.Run(() => BisectCommand.Run(
            context, new(result.GetRequiredValue(runs), result.GetRequiredValue(a), result.GetRequiredValue(b))
            {
                DataA = result.GetValue(dataA), DataB = result.GetValue(dataB), Json = result.GetValue(output) == "json",
            }, cancellation), cancellation));
        return command;
    }

    private static Argument<string> RunOrDirectory(string name, string which) =>
        new(name) { Description = $"{which}: {NamedRun.Description}.", CompletionSources = { Suggestions.Runs } };

    private static Option<string?> DataRoot(string name, string whose) => new(name)
    {
        HelpName = "DIR", Description = $"Directory in which {whose} lie by their names. Default: where the spec says.",
        CompletionSources = { Suggestions.Directories },
    };

    private static Option<string?> File(string name, string help, string description) => new(name)
    {
        HelpName = help, Description = description, CompletionSources = { Suggestions.Files(".json", ".pem", ".pub") },
    };
}
