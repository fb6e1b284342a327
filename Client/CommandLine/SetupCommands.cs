using System.CommandLine;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Init;
using Orleans.Tbptt.Client.Manual;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that help to begin.</summary>
internal static class SetupCommands
{
    /// <summary><c>tbptt init</c>.</summary>
    public static Command Init(ConsoleContext context)
    {
        var data = new Argument<string?>("DATA")
        {
            Description = "A file of data: CSV with a header and one row a time step, Parquet, Arrow, JSON Lines, .tsf, .npz, HDF5, or "
                + "text (.txt).",
            Arity = ArgumentArity.ZeroOrOne,
            CompletionSources = 
            {
                Suggestions.Files(".csv", ".txt", ".parquet", ".arrow", ".feather", ".jsonl", ".tsf", ".npz", ".h5", ".hdf5"),
            },
        };
        var spec = new Argument<string?>("SPEC")
        {
            Description = "The spec to write. Default: the data's name, in the working directory.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var example = new Option<string?>("--example")
        {
            HelpName = string.Join('|', Examples.Names), Description = "Write an example with its data instead.",
        };
        example.AcceptOnlyFromAmong([.. Examples.Names]);
        var force = new Option<bool>("--force") { Description = "Overwrite files that exist." };
        var command = new Command(
            "init",
            """
            Looks at a file of data and writes a commented spec that trains on it. Where the file cannot be trained on as it is, says what
            was found and how to convert it.

            Examples:
              tbptt init wave.csv
              tbptt init data/wave.parquet specs/wave.yaml
              tbptt init --example sunspots
            """)
        {
            data, spec, example, force,
        };
        command.Validators.Add(result =>
        {
            // Values cannot be read where one of them is missing.
            bool isExample = result.IsGiven(example);
            if (!isExample && result.GetResult(data)?.Tokens.Count is not 1)
                result.AddError("found neither DATA nor --example, expected one of them.");
            if (isExample && result.GetResult(spec)?.Tokens.Count is 1)
                result.AddError("found two files with --example, expected the spec to write at most.");
        });
        command.SetAction(result => InitCommand.Run(context.Checker, Request(result), context.Terminal));
        return command;

        // With an example, the only argument is the spec.
        InitRequest Request(ParseResult result) => result.GetValue(example) is { } name
            ? new() { Example = name, Spec = result.GetValue(data), Force = result.GetValue(force) }
            : new() { Data = result.GetValue(data), Spec = result.GetValue(spec), Force = result.GetValue(force) };
    }

    /// <summary><c>tbptt schema</c>.</summary>
    public static Command Schema(ConsoleContext context)
    {
        var sweep = new Option<bool>("--sweep") { Description = "The schema of sweeps in the place of that of run specs." };
        var command = new Command(
            "schema",
            """
            Prints the JSON Schema of run specs, or of sweeps, by which editors complete and check them.

            Examples:
              tbptt schema > run-spec.schema.json    # then, as a spec's first line: # yaml-language-server: $schema=run-spec.schema.json
              tbptt schema --sweep > sweep.schema.json
            """)
        {
            sweep,
        };
        command.SetAction(result => context.Terminal.Out.Write(
            result.GetValue(sweep) ? SweepDocumentation.Schema(SpecLoader.Choices) : SpecDocumentation.Schema(SpecLoader.Choices)));
        return command;
    }

    /// <summary><c>tbptt completion</c>.</summary>
    public static Command Completion(ConsoleContext context)
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell: bash, zsh or fish." };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command(
            "completion",
            """
            Prints a script by which a shell completes commands, options, runs and files. Its first lines say where to put it.

            Examples:
              eval "$(tbptt completion bash)"
              tbptt completion fish > ~/.config/fish/completions/tbptt.fish
            """)
        {
            shell,
        };
        command.SetAction(result => context.Terminal.Out.Write(CompletionScripts.Of(result.GetRequiredValue(shell))));
        return command;
    }

    /// <summary><c>tbptt man</c>.</summary>
    public static Command Man(ConsoleContext context)
    {
        var page = new Argument<string?>("COMMAND") { Description = "The command. Default: the program.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(
            "man",
            """
            Prints a page of the manual, in the format of man.

            Examples:
              tbptt man train | man -l -
              tbptt man > ~/.local/share/man/man1/tbptt.1
            """)
        {
            page,
        };
        command.SetAction(result =>
        {
            string name = result.GetValue(page) is { } verb ? $"tbptt-{verb}" : "tbptt";
            var pages = ManualPages.Of((RootCommand)result.RootCommandResult.Command, "tbptt", ExitCode.Meanings);
            if (pages.FirstOrDefault(one => one.Name == name).Text is not { } text)
                throw new ClientException($"found no page '{name}', expected one of {string.Join(", ", pages.Select(one => one.Name))}",
                    ExitCode.Usage);
            context.Terminal.Out.Write(text);
        });
        return command;
    }
}
