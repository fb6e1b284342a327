namespace Orleans.Tbptt.Silo.Configuration;

/// <summary>The MLflow tracking server that runs are reported to: the section <c>Tbptt:Mlflow</c>.</summary>
internal sealed class MlflowSettings
{
    /// <summary>Characters of an experiment's name that MLflow takes, at most.</summary>
    private const int MostCharacters = 500;

    /// <summary>The server, such as <c>http://10.0.0.7:5000</c>; null, the default, for none.</summary>
    public string? Uri { get; set; }

    /// <summary>The experiment that runs belong to; it is created where the server has none of this name. Default <c>tbptt</c>.</summary>
    public string Experiment { get; set; } = "tbptt";

    /// <summary>Is sent as <c>Authorization: Bearer</c>; null for none.</summary>
    public string? Token { get; set; }

    /// <summary>A file with the token, as container secrets provide it. Surrounding white space is ignored.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Whether runs are reported.</summary>
    public bool IsOn => Uri is not null;

    /// <summary>Checks the settings, and reads the token.</summary>
    /// <exception cref="SiloStartException">A value is wrong.</exception>
    public void Validate()
    {
        if (!IsOn)
            return;
        if (!System.Uri.TryCreate(Uri, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw Wrong($"Tbptt:Mlflow:Uri: found '{Uri}', expected the address of an MLflow server, such as http://10.0.0.7:5000");
        if (string.IsNullOrWhiteSpace(Experiment))
            throw Wrong("Tbptt:Mlflow:Experiment: found an empty name, expected that of an experiment");
        if (Experiment.Length > MostCharacters)
        {
            throw Wrong(
                $"Tbptt:Mlflow:Experiment: found a name of {Experiment.Length} characters, expected at most {MostCharacters}; shorten it");
        }

        Token = AccessToken.Read("Tbptt:Mlflow", Token, TokenFile);
    }

    private static SiloStartException Wrong(string message) => new(message, SiloExitCode.WrongConfiguration);
}
