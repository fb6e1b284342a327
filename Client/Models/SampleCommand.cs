using System.Text;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What a sample is drawn from, and how.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Prompt">The text that it continues; null for the end of a line.</param>
/// <param name="Length">Tokens to draw.</param>
/// <param name="Options">How they are drawn.</param>
/// <param name="Output">The file to write, byte by byte; null for standard output.</param>
internal sealed record SampleRequest(string Runs, string Model, string? Prompt, int Length, SamplingOptions Options, string? Output);

/// <summary><c>tbptt sample</c>: text that a trained model generates.</summary>
internal static class SampleCommand
{
    private const string EndOfLine = "\n";

    /// <summary>Writes the prompt and what follows it.</summary>
    /// <exception cref="ClientException">There is no such model, it generates no text, or the prompt has other tokens.</exception>
    public static int Run(ConsoleContext context, SampleRequest request)
    {
        var package = ModelFinder.Find(context, request.Runs, request.Model);
        if (package.Spec.Data.Source is not ITokenText text)
        {
            throw new ClientException(
                $"{request.Model}: found a model of data.source {package.Spec.Data.Source.Word}, expected one of bytes, characters or "
                + "words",
                ExitCode.Failed);
        }

        if (package.Spec.Model.Embedding?.Vocabulary is { } vocabulary && package.Config.Tokens is { Count: > 0 and var listed }
            && listed < vocabulary)
        {
            throw new ClientException(
                $"{request.Model}: found {listed} tokens in its configuration, expected {vocabulary}; train with data.vocabulary",
                ExitCode.Failed);
        }

        using var sampler = Open(package, request.Options);
        using var output = request.Output is { } path ? File.Create(path) : null;
        var decoder = Encoding.UTF8.GetDecoder();
        long? before = null;
        if (request.Prompt is { } prompt)
        {
            foreach (long token in Encode(text, prompt, package))
                Write(token, feed: true);
        }

        if (before is null)
            sampler.Feed(Encode(text, EndOfLine, package));
        for (int i = 0; i < request.Length && !context.Terminal.HasLostItsReader(); i++)
            Write(sampler.Next(), feed: false);
        if (output is null)
            context.Terminal.Out.WriteLine();
        context.Terminal.Out.Flush();
        return ExitCode.Completed;

        void Write(long token, bool feed)
        {
            if (feed)
                sampler.Feed([token]);
            var bytes = text.Decode(token, before, package.Config.Tokens).Span;
            before = token;
            output?.Write(bytes);
            if (output is not null)
                return;
            // A character of several bytes comes with its last one.
            Span<char> characters = stackalloc char[Encoding.UTF8.GetMaxCharCount(Math.Min(bytes.Length, 256))];
            for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, 256)..])
                context.Terminal.Out.Write(characters[..decoder.GetChars(bytes[..Math.Min(bytes.Length, 256)], characters, flush: false)]);
        }
    }

    private static TokenSampler Open(ModelPackage package, SamplingOptions options)
    {
        try
        {
            return new(package, options);
        }
        catch (ModelPackageException exception)
        {
            throw new ClientException(exception.Message, ExitCode.Failed, exception);
        }
    }

    private static IReadOnlyList<long> Encode(ITokenText text, string prompt, ModelPackage package)
    {
        try
        {
            return text.Encode(Encoding.UTF8.GetBytes(prompt), package.Config.Tokens);
        }
        catch (FormatException exception)
        {
            string what = prompt == EndOfLine ? "the end of a line, which a sample without a prompt begins with" : "--prompt";
            throw new ClientException($"{what}: {exception.Message}; begin with another --prompt", ExitCode.Usage, exception);
        }
    }
}
