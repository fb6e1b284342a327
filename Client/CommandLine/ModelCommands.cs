using System.CommandLine;
using System.Globalization;
using Orleans.Tbptt.Client.Completion;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>Commands that use a trained model.</summary>
internal static class ModelCommands
{
    private const int DefaultSamples = 100;

    /// <summary>Rows ahead, and paths, at most: all values of the paths of a series are in memory at a time.</summary>
    private const int MostPaths = 10_000;

    private const int MaxLength = 100_000_000;
    private const int MaxSeason = 1_000_000;
    private const int MaxCuts = 10_000;
    private const int MaxHorizon = 100_000;

    /// <summary><c>tbptt evaluate</c>.</summary>
    public static Command Evaluate(ConsoleContext context)
    {
        var (model, runs) = (Model(), CommonOptions.RunStore());
        var input = new Option<string>("--input")
        {
            HelpName = "FILE",
            Description = "Rows with their targets: CSV, Parquet, Arrow or JSON Lines. Of a model of arrays: arrays as in its data.source.",
            Required = true, CompletionSources = { Suggestions.Files(".csv", ".parquet", ".arrow", ".feather", ".jsonl", ".npy", ".npz") },
        };
        var season = Season();
        var output = new Option<string?>("--output") { HelpName = "FILE", Description = "Writes every figure as CSV, too." };
        var force = new Option<bool>("--force") { Description = "Overwrite a file that exists." };
        var command = new Command(
            "evaluate",
            """
            Compares a trained model's forecasts with the targets in a table: loss, and the errors of each target and series in their units,
            next to those of repeating the last known value, and that of a season ago. The hidden state begins anew at the first row of
            a sequence.

            Examples:
              tbptt evaluate sunspots-20260314-150926-1a2b --input later.csv --season 132
              tbptt evaluate stores-model --input 2026.parquet --output errors.csv
              tbptt evaluate motion-model --input new-inputs.npy,new-targets.npy
            """)
        {
            model, input, season, output, force, runs,
        };
        command.SetAction(result => EvaluateCommand.Run(context, new(
            result.GetRequiredValue(runs), result.GetRequiredValue(model), result.GetRequiredValue(input), result.GetValue(season),
            result.GetValue(output), result.GetValue(force))));
        return command;
    }

    /// <summary><c>tbptt backtest</c>.</summary>
    public static Command Backtest(ConsoleContext context)
    {
        const int Default = 5;
        var (model, runs, season) = (Model(), CommonOptions.RunStore(), Season());
        var input = new Option<string>("--input")
        {
            HelpName = "FILE", Description = "The rows: CSV, Parquet, Arrow or JSON Lines.", Required = true,
            CompletionSources = { Suggestions.Files(".csv", ".parquet", ".arrow", ".feather", ".jsonl") },
        };
        var cuts = CommonOptions.Integer("--cuts", $"Rows to forecast from. Default {Default}.", 1, MaxCuts);
        var horizon = CommonOptions.Integer(
            "--horizon", "Rows to forecast behind each. Default: as far as the model was trained to.", 1, MaxHorizon);
        var stride = CommonOptions.Integer("--stride", "Rows from a cut to the next. Default: the horizon.", 1, MaxHorizon);
        var refit = new Option<bool>("--refit")
        {
            Description = "Train the model anew on the rows before each cut, in this process; otherwise it is used as it is.",
        };
        var output = new Option<string?>("--output")
        {
            HelpName = "FILE", Description = "Writes every forecast with what came: a file that ends in .csv, .jsonl or .parquet.",
        };
        var plot = new Option<string?>("--plot") { HelpName = "PNG", Description = "Draws what came and the forecasts." };
        var force = new Option<bool>("--force") { Description = "Overwrite files that exist." };
        var command = new Command(
            "backtest",
            """
            Forecasts from several rows of the past, each time from the rows before alone, and compares with what came: errors of each cut
            and of each row ahead, next to those of repeating the last known value, and that of a season ago. The last cut leaves the last
            rows of each series to be forecast. Further ahead than it was trained to, a model forecasts from its own forecasts, where all
            other inputs are known ahead.

            Examples:
              tbptt backtest sunspots-20260314-150926-1a2b --input sunspots.csv --cuts 4 --horizon 24 --plot forecasts.png
              tbptt backtest stores-model --input 2026.parquet --horizon 7 --season 7 --refit --output forecasts.csv
            """)
        {
            model, input, cuts, horizon, stride, season, refit, output, plot, force, runs,
        };
        command.SetAction(result => BacktestCommand.Run(context, new(
            result.GetRequiredValue(runs), result.GetRequiredValue(model), result.GetRequiredValue(input),
            result.GetValue(cuts) ?? Default, result.GetValue(horizon), result.GetValue(stride), result.GetValue(season),
            result.GetValue(refit), result.GetValue(output), result.GetValue(plot), result.GetValue(force))));
        return command;
    }

    /// <summary><c>tbptt sample</c>.</summary>
    public static Command Sample(ConsoleContext context)
    {
        var model = Model();
        var prompt = new Option<string?>("--prompt")
        {
            HelpName = "TEXT", Description = "The text that the sample continues. Default: the end of a line.",
        };
        var length = CommonOptions.Integer("--length", "Tokens to draw. Default 200.", 1, MaxLength);
        var temperature = new Option<double>("--temperature")
        {
            HelpName = "T",
            Description = "Below 1 likely tokens become likelier, above 1 less likely; 0 takes the likeliest one. Default 1.",
            DefaultValueFactory = _ => 1,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                    && number is >= 0 and <= 1000)
                    return number;
                result.AddError($"--temperature: found '{text}', expected a number from 0 to 1000.");
                return 1;
            },
        };
        var top = CommonOptions.Integer("--top-k", "Draws from the N likeliest tokens only. Default: from all.", 1, MaxLength);
        var seed = CommonOptions.Integer("--seed", "The same seed gives the same text. Default 1.", 0, int.MaxValue);
        var output = new Option<string?>("--output")
        {
            HelpName = "FILE", Description = "Where to write the text, byte by byte. Default: standard output.",
        };
        var force = new Option<bool>("--force") { Description = "Overwrite a file that exists." };
        var runs = CommonOptions.RunStore();
        var command = new Command(
            "sample",
            """
            Generates text with a trained model of bytes, characters, words or a tokenizer's tokens: each token is drawn from what the model
            forecasts, and is its next input.

            Examples:
              tbptt sample bytes-20260314-150926-1a2b --prompt "public static" --temperature 0.7
              tbptt sample words-model --length 50 --top-k 20 --seed 7
            """)
        {
            model, prompt, length, temperature, top, seed, output, force, runs,
        };
        command.SetAction(result => SampleCommand.Run(context, new(
            result.GetRequiredValue(runs), result.GetRequiredValue(model), result.GetValue(prompt), result.GetValue(length) ?? 200,
            new SamplingOptions(result.GetValue(seed) ?? 1, result.GetValue(temperature), result.GetValue(top)), result.GetValue(output),
            result.GetValue(force))));
        return command;
    }

    /// <summary><c>tbptt predict</c>.</summary>
    public static Command Predict(ConsoleContext context)
    {
        var (model, cluster) = (Model(), new ClusterOptions());
        var input = new Option<string>("--input")
        {
            HelpName = "FILE|-",
            Description = "The rows to forecast from: CSV, Parquet, Arrow or JSON Lines, or - for CSV that arrives at standard input. Of a "
                + "model of arrays: a .npy file of inputs, with a comma and the .npy file of their lengths where sequences are padded.",
            Required = true,
            CompletionSources = { Suggestions.Files(".csv", ".parquet", ".arrow", ".feather", ".jsonl", ".npy") },
        };
        var output = new Option<string>("--output")
        {
            HelpName = "FILE|-",
            Description = "Where to write: a file that ends in .csv, .jsonl or .parquet, of a model of arrays also .npy, or - for CSV.",
            DefaultValueFactory = _ => "-",
        };
        var from = new Option<string>("--from-state")
        {
            HelpName = "zero|end|FILE",
            Description = "The hidden state before the first row: zeros (what was learned with learnInitialState), that at the end of "
                + "training, or a file of --state-out.",
            DefaultValueFactory = _ => PredictCommand.Zero,
        };
        var stateOut = new Option<string?>("--state-out")
        {
            HelpName = "FILE", Description = "Where to write the hidden state after the last row, so that later rows can follow.",
        };
        var force = new Option<bool>("--force") { Description = "Overwrite files that exist." };
        var horizon = CommonOptions.Integer(
            "--horizon", "Instead: forecasts N rows behind the last one of each series, as quantiles of paths whose values are drawn from "
            + "what the model predicts and are its next inputs.", 1, MostPaths);
        var samples = CommonOptions.Integer("--samples", "Paths of --horizon. Default 100.", 1, MostPaths);
        var seed = CommonOptions.Integer("--seed", "The same seed gives the same paths of --horizon. Default 1.", 0, int.MaxValue);
        var beam = CommonOptions.Integer(
            "--beam", "Of a model of label sequences (loss ctc): the likeliest labels over all their paths, searched with so many "
            + "beginnings kept at each time step. Default: those of the likeliest path.", 1, MostPaths);
        var command = new Command(
            "predict",
            """
            Forecasts with a trained model from every row of a table, in the units of its columns, the hidden state carried from row to row.
            Columns are read, transformed and scaled as in training. The same rows give the same numbers, to the bit, however they are cut
            into files with --state-out and --from-state, and wherever they are computed: on all cores, or with --cluster on all silos of
            a cluster. From standard input, each forecast is written as soon as its row is whole.

            Examples:
              tbptt predict sunspots-20260314-150926-1a2b --input later.csv --from-state end
              tbptt predict wave-model --input new.parquet --output forecasts.parquet --state-out wave.state
              tbptt predict motion-model --input new-inputs.npy --output outputs.npy
              tbptt predict stores-model --input stores.parquet --output forecasts.parquet --cluster redis:10.0.0.5:6379
              tbptt predict sales-model --input sales.csv --horizon 28 --samples 500 --seed 7
              measure | tbptt predict wave-model --input - --from-state wave.state | act
            """)
        {
            model, input, output, from, stateOut, horizon, samples, seed, beam, force,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(horizon) is null && (result.GetResult(samples) ?? result.GetResult(seed)) is { } alone)
                result.AddError($"{alone.Option.Name}: found it without --horizon, expected both; add --horizon, or leave it out.");
        });
        cluster.AddTo(command);
        cluster.ExcludesValue(
            command, input, PredictCommand.Standard, "a file", "rows are computed here as they arrive");
        command.SetAction(result => PredictCommand.RunAsync(context, new(
            cluster.Read(result), result.GetRequiredValue(model), result.GetRequiredValue(input), result.GetRequiredValue(output),
            result.GetRequiredValue(from), result.GetValue(stateOut), result.GetValue(force),
            result.GetValue(horizon) is not { } ahead ? null
                : new(ahead, result.GetValue(samples) ?? DefaultSamples, result.GetValue(seed) ?? 1)) { Beam = result.GetValue(beam) }));
        return command;
    }

    /// <summary>The option <c>--season</c>.</summary>
    private static Option<int?> Season() => CommonOptions.Integer(
        "--season",
        "Rows of a season, to compare with the value of a season ago. Default: by data.step, a week of days, a day of less; else none.",
        1, MaxSeason);

    /// <summary>The argument <c>MODEL</c>.</summary>
    private static Argument<string> Model() => new("MODEL")
    {
        Description = "A model package's directory, or the ID of a run that has completed, or any unambiguous part of it.",
        CompletionSources = { Suggestions.Runs },
    };
}
